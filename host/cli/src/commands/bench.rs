//! `greenroom bench`: what calls of an agent cost, beside another version of it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use greenroom_sandbox::Sandbox;
use greenroom_workbench::Cost;
use serde_json::json;

use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::table::{self, Table};
use crate::terminal::Passing;
use crate::{failures, output};

/// Measures what an agent costs: compiling it, an instance, a call, in time, fuel and memory. With --against, beside another version
/// in turns: read the ratios.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The component.
    component: PathBuf,
    /// Another version of it.
    #[arg(long, value_name = "COMPONENT")]
    against: Option<PathBuf>,
    /// Candidates at each port, and rows that are wanted.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=1_500))]
    rows: u32,
    /// Calls of each.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    calls: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

/// What a component costs before it is called.
struct Size {
    bytes: usize,
    compiled: usize,
    compile_ms: f64,
    load_ms: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let paths: Vec<&PathBuf> = std::iter::once(&arguments.component).chain(&arguments.against).collect();
    let settings = arguments.host.settings()?;
    // A cache of its own: what was compiled before would hide what it costs.
    let cache = Passing::new(std::env::temp_dir().join(format!("greenroom-bench-{}", std::process::id())));
    let (sandbox, guests) = settings.sandbox_cached_in(cache.path())?;
    let (mut sizes, mut components) = (Vec::new(), Vec::new());
    for path in &paths {
        let (size, component) = load(&sandbox, path)?;
        sizes.push(size);
        components.push(component);
    }
    let (rows, calls) = (arguments.rows, arguments.calls);
    let costs = guests.block_on(async move { greenroom_workbench::bench(&components, rows, calls).await });
    let costs =
        costs.map_err(Failure::failed)?.map_err(|fault| Failure::agent(format!("it cannot be called: {fault}")))?;
    if arguments.json {
        let one = |((path, size), cost): ((&&PathBuf, &Size), &Cost)| {
            json!({ "component": path, "bytes": size.bytes, "compiled_bytes": size.compiled, "compile_ms": size.compile_ms,
                    "load_ms": size.load_ms, "cost": cost })
        };
        let all: Vec<_> = paths.iter().zip(&sizes).zip(&costs).map(one).collect();
        return output::json(&json!({ "rows": arguments.rows, "calls": arguments.calls, "measured": all }));
    }
    output::text(&text(&paths, &sizes, &costs))
}

fn load(sandbox: &Sandbox, path: &Path) -> Result<(Size, greenroom_sandbox::Component), Failure> {
    let bytes = std::fs::read(path).map_err(|e| failures::unreadable(path, &e))?;
    let wrong = |e: greenroom_sandbox::LoadError| Failure::bad_file(format!("{} is not usable: {e}", path.display()));
    let began = Instant::now();
    sandbox.load(&bytes).map_err(wrong)?;
    let compile_ms = began.elapsed().as_secs_f64() * 1e3;
    let began = Instant::now();
    let component = sandbox.load(&bytes).map_err(wrong)?;
    let load_ms = began.elapsed().as_secs_f64() * 1e3;
    Ok((Size { bytes: bytes.len(), compiled: component.compiled_bytes(), compile_ms, load_ms }, component))
}

#[expect(clippy::cast_precision_loss, reason = "for a person")]
fn text(paths: &[&PathBuf], sizes: &[Size], costs: &[Cost]) -> String {
    let titles: &[&'static str] = if paths.len() > 1 { &["", "it>", "against>", "ratio>"] } else { &["", "it>"] };
    let mut table = Table::new(titles);
    let mut row = |what: &str, values: Vec<f64>, shown: &dyn Fn(f64) -> String| {
        let mut cells = vec![what.to_owned()];
        cells.extend(values.iter().map(|value| shown(*value)));
        if let [one, other] = values.as_slice() {
            cells.push(if *other == 0.0 { String::new() } else { format!("{:.2} x", one / other) });
        }
        table.row(cells);
    };
    let bytes = |value: f64| table::bytes(value as usize);
    let (ms, us) = (|value: f64| format!("{value:.1} ms"), |value: f64| format!("{value:.1} us"));
    let whole = |value: f64| format!("{value:.0}");
    row("component", sizes.iter().map(|size| size.bytes as f64).collect(), &bytes);
    row("compiled", sizes.iter().map(|size| size.compiled as f64).collect(), &bytes);
    row("compiling", sizes.iter().map(|size| size.compile_ms).collect(), &ms);
    row("loading it compiled", sizes.iter().map(|size| size.load_ms).collect(), &ms);
    row("an instance, configured", costs.iter().map(|cost| cost.instance_us).collect(), &us);
    row("decide, median", costs.iter().map(|cost| cost.call_us).collect(), &us);
    row("decide, 99 of 100", costs.iter().map(|cost| cost.call_p99_us).collect(), &us);
    row("decide, fuel", costs.iter().map(|cost| cost.fuel as f64).collect(), &whole);
    row("memory at most", costs.iter().map(|cost| cost.memory_peak as f64).collect(), &bytes);
    if costs.iter().any(|cost| cost.faults > 0) {
        row("faults", costs.iter().map(|cost| cost.faults as f64).collect(), &whole);
    }
    table.render()
}
