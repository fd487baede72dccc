//! The series of one metric, by the values of its labels.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabel as _, EncodeLabelSet, EncodeMetric, LabelSetEncoder, MetricEncoder,
};
use prometheus_client::metrics::MetricType;

use crate::metric::{Kind, Metric};

/// Values of labels, in the order of the metric's.
type Values = Vec<Arc<str>>;

/// The series of a metric. `M` is a handle: a clone counts in the same series.
pub(crate) struct Series<M> {
    metric: Metric,
    make: fn() -> M,
    all: Mutex<BTreeMap<Values, M>>,
}

impl<M: Clone> Series<M> {
    pub(crate) fn new(metric: Metric, make: fn() -> M) -> Self {
        Self { metric, make, all: Mutex::default() }
    }

    /// The series with these values, made if there is none.
    pub(crate) fn of(&self, values: &[&str]) -> M {
        let values = values.iter().map(|value| Arc::from(*value)).collect();
        self.all().entry(values).or_insert_with(self.make).clone()
    }

    /// Forgets series by the value of a label.
    pub(crate) fn retain(&self, label: &str, keep: impl Fn(&str) -> bool) {
        let Some(place) = self.metric.labels().iter().position(|name| *name == label) else { return };
        self.all().retain(|values, _| values.get(place).is_none_or(|value| keep(value)));
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Values, M>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Clone + EncodeMetric> Series<M> {
    pub(crate) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_as(encoder, Clone::clone)
    }
}

impl<M: Clone> Series<M> {
    /// Tells all series; `shown` is what a handle is worth now. A metric without series is not told.
    pub(crate) fn encode_as<T: EncodeMetric>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        shown: impl Fn(&M) -> T,
    ) -> fmt::Result {
        let all = self.all().clone();
        if all.is_empty() {
            return Ok(());
        }
        let mut encoder = describe(self.metric, encoder)?;
        for (values, handle) in &all {
            let labels = Labels { names: self.metric.labels(), values };
            shown(handle).encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// Tells a metric that has no labels.
pub(crate) fn encode_one(
    metric: Metric,
    value: &impl EncodeMetric,
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    value.encode(describe(metric, encoder)?)
}

fn describe<'e>(metric: Metric, encoder: &'e mut DescriptorEncoder<'_>) -> Result<MetricEncoder<'e>, fmt::Error> {
    // The encoder puts the ending of counters to their names by itself.
    let name = metric.name();
    let (name, kind) = match metric.kind() {
        Kind::Counter => (name.strip_suffix("_total").unwrap_or(name), MetricType::Counter),
        Kind::Gauge => (name, MetricType::Gauge),
        Kind::Histogram => (name, MetricType::Histogram),
    };
    encoder.encode_descriptor(name, metric.help(), None, kind)
}

#[derive(Debug)]
struct Labels<'l> {
    names: &'static [&'static str],
    values: &'l [Arc<str>],
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.names
            .iter()
            .zip(self.values)
            .try_for_each(|(name, value)| (*name, &**value).encode(encoder.encode_label()))
    }
}
