//! Measures a scorer in Extism as the bench `languages` measures ours, and says what it found as one line of JSON.
//!
//!     extism-scorer measure|resident PLUGIN ENCODING INPUT CACHE
//!
//! Extism is as its documentation has it: no limits, and memory for each instance as it asks. A call begins with columns and
//! ends with columns, as one of ours does, so that encoding is in it. An instance is made by the first call, so that making one
//! ends with the call that reads the parameters.

mod wire;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use extism::{CompiledPlugin, Error, Manifest, Plugin, PluginBuilder, Wasm};
use serde::Serialize;

use wire::{Answer, Encoding, Input};

/// Fuel that nothing here uses up.
const FUEL: u64 = u64::MAX / 2;
/// How many instances live at once.
const LIVE: u32 = 100;

/// As the bench has it, which says what each is.
#[derive(Debug, Default, Serialize)]
struct Measured {
    bytes: u64,
    compile_ms: f64,
    load_ms: f64,
    made_us: f64,
    first_us: f64,
    whole_us: f64,
    call_us: f64,
    call_p99_us: f64,
    fuel: u64,
    rows: Vec<u32>,
    scores: Vec<u32>,
}

#[derive(Debug, Serialize)]
struct Resident {
    resident: f64,
    proportional: f64,
}

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, plugin, encoding, input, cache] = arguments.as_slice() else {
        return Err(Error::msg("usage: extism-scorer measure|resident PLUGIN json|msgpack|columns INPUT CACHE"));
    };
    let subject = Subject {
        plugin: plugin.into(),
        encoding: encoding.parse()?,
        input: serde_json::from_slice(&std::fs::read(input)?)?,
        cache: cached_in(Path::new(cache))?,
    };
    match what.as_str() {
        "measure" => println!("{}", serde_json::to_string(&subject.measure()?)?),
        _ => println!("{}", serde_json::to_string(&subject.resident()?)?),
    }
    Ok(())
}

/// The file by which the engine is told where to keep what it compiled.
fn cached_in(folder: &Path) -> Result<PathBuf, Error> {
    let file = folder.join("cache.toml");
    std::fs::create_dir_all(folder)?;
    std::fs::write(&file, format!("[cache]\ndirectory = {:?}\n", folder.join("compiled")))?;
    Ok(file)
}

struct Subject {
    plugin: PathBuf,
    encoding: Encoding,
    input: Input,
    cache: PathBuf,
}

impl Subject {
    fn manifest(&self) -> Manifest {
        let config = [("freshness", self.input.freshness), ("exploration", self.input.exploration)];
        Manifest::new([Wasm::file(&self.plugin)]).with_config(config.map(|(name, value)| (name, value.to_string())).into_iter())
    }

    fn cached(&self) -> Result<CompiledPlugin, Error> {
        PluginBuilder::new(self.manifest()).with_cache_config(&self.cache).compile()
    }

    fn instance(&self, compiled: &CompiledPlugin) -> Result<Plugin, Error> {
        let mut plugin = Plugin::new_from_compiled(compiled)?;
        plugin.call::<(), ()>("configure", ())?;
        Ok(plugin)
    }

    fn decide(&self, plugin: &mut Plugin) -> Result<Answer, Error> {
        self.encoding.decide(&self.input, plugin)
    }

    fn measure(&self) -> Result<Measured, Error> {
        let began = Instant::now();
        drop(PluginBuilder::new(self.manifest()).with_cache_disabled().compile()?);
        let compile_ms = since(began) / 1e3;
        let compiled = self.cached()?;
        let mut loaded = Samples::of(|| self.cached().map(drop), 5, 50)?;
        let mut instances = [Samples::default(), Samples::default(), Samples::default()];
        while !instances[0].enough(20, 500) {
            let began = Instant::now();
            let mut plugin = self.instance(&compiled)?;
            let made = since(began);
            self.decide(&mut plugin)?;
            let answered = since(began);
            drop(plugin);
            let [of_making, of_first, of_whole] = &mut instances;
            of_making.0.push(made);
            of_first.0.push(answered - made);
            of_whole.0.push(since(began));
        }
        let mut plugin = self.instance(&compiled)?;
        for _ in 0..20 {
            self.decide(&mut plugin)?;
        }
        let mut calls = Samples::of(|| self.decide(&mut plugin).map(drop), 200, 2_000)?;
        let answer = self.decide(&mut plugin)?;
        let [mut of_making, mut of_first, mut of_whole] = instances;
        Ok(Measured {
            bytes: std::fs::metadata(&self.plugin)?.len(),
            compile_ms,
            load_ms: loaded.quantile(0.5) / 1e3,
            made_us: of_making.quantile(0.5),
            first_us: of_first.quantile(0.5),
            whole_us: of_whole.quantile(0.5),
            call_us: calls.quantile(0.5),
            call_p99_us: calls.quantile(0.99),
            fuel: self.fuel()?,
            rows: answer.rows,
            scores: answer.scores.iter().map(|score| score.to_bits()).collect(),
        })
    }

    /// Of a call in an instance that has answered before: Extism counts it only when there is a limit, which slows it down.
    fn fuel(&self) -> Result<u64, Error> {
        let builder = PluginBuilder::new(self.manifest()).with_cache_disabled().with_fuel_limit(FUEL);
        let mut plugin = self.instance(&builder.compile()?)?;
        self.decide(&mut plugin)?;
        self.decide(&mut plugin)?;
        plugin.fuel_consumed().ok_or_else(|| Error::msg("no fuel was counted"))
    }

    /// What each of a hundred more instances takes that have answered once.
    fn resident(&self) -> Result<Resident, Error> {
        let compiled = self.cached()?;
        let one_more = || -> Result<Plugin, Error> {
            let mut plugin = self.instance(&compiled)?;
            self.decide(&mut plugin)?;
            Ok(plugin)
        };
        let mut live = vec![one_more()?];
        let before = (resident()?, proportional()?);
        for _ in 0..LIVE {
            live.push(one_more()?);
        }
        let each = |now: f64, before: f64| (now - before) / f64::from(LIVE);
        Ok(Resident { resident: each(resident()?, before.0), proportional: each(proportional()?, before.1) })
    }
}

fn since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6
}

/// How long something took, in microseconds.
#[derive(Default)]
struct Samples(Vec<f64>);

impl Samples {
    fn of(mut timed: impl FnMut() -> Result<(), Error>, least: usize, most: usize) -> Result<Self, Error> {
        let mut samples = Self::default();
        while !samples.enough(least, most) {
            let began = Instant::now();
            timed()?;
            samples.0.push(since(began));
        }
        Ok(samples)
    }

    /// A second and a half of them, but not fewer than `least` and not more than `most`.
    fn enough(&self, least: usize, most: usize) -> bool {
        const LONG: Duration = Duration::from_millis(1_500);
        let took = self.0.iter().sum::<f64>() / 1e6;
        self.0.len() >= most || (self.0.len() >= least && took >= LONG.as_secs_f64())
    }

    fn quantile(&mut self, share: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        self.0[((self.0.len() - 1) as f64 * share) as usize]
    }
}

/// Bytes of this process that are in memory. What is shared counts as often as it is mapped.
fn resident() -> Result<f64, Error> {
    field("status", "VmRSS:")
}

/// Bytes of this process's own, and of its share of what it shares.
fn proportional() -> Result<f64, Error> {
    field("smaps_rollup", "Pss:")
}

fn field(file: &str, name: &str) -> Result<f64, Error> {
    let text = std::fs::read_to_string(format!("/proc/self/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    Ok(line.split_whitespace().next().unwrap_or_default().parse::<f64>()? * 1_024.0)
}
