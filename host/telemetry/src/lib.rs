//! What a host tells of itself in numbers: which ones there are ([`Metric`]), counting them while requests run
//! ([`Telemetry`]), and the text that Prometheus reads.
//!
//! The names of nodes and agents come from graph files, and a host lives through many of them. So a plan has series of
//! its own ([`PlanSeries`]): made when it begins to serve, so that a request looks nothing up; and told for as long as
//! somebody has the plan, so that there are never more than the plans that live have nodes and agents.

mod metric;
mod plan;
mod series;
mod telemetry;

pub use metric::{Kind, Metric};
pub use plan::PlanSeries;
pub use telemetry::{Breaker, Change, Lookups, Outcome, Reading, Telemetry};

/// The media type of [`Telemetry::text`].
pub const CONTENT_TYPE: &str = prometheus_client::encoding::prometheus_text::CONTENT_TYPE;
