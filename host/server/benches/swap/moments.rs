//! How long a change takes, from a file's write to serving, while nothing else goes on.

use std::collections::BTreeMap;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use greenroom_kit::versioned::{self, Made};
use greenroom_kit::{Figure, quantile};
use greenroom_model::{Generation, State};
use greenroom_runtime::{Change, Host};
use tokio::runtime::Runtime;

use crate::small::{Small, ask, propose, renewed};

/// As `serve` has it.
const SETTLE: Duration = Duration::from_millis(100);

/// How often each is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) few: usize,
    pub(crate) many: usize,
}

/// The agent that answers its code, with so many bytes of other code in it. Number after number is another one.
fn large(code: u32, bytes: usize, number: u64) -> Vec<u8> {
    use std::fmt::Write as _;
    // Loops, loads, stores and branches, as an agent has them; some 150 bytes each.
    let mut more = String::new();
    for each in 0..bytes / 150 {
        let key = u64::try_from(each).unwrap().wrapping_mul(0x9E37_79B9).wrapping_add(number) % 0x7FFF_FFFF;
        let _ = writeln!(
            more,
            "(func (export \"f{each}\") (param $a i32) (param $b f32) (result f32) (local $i i32) (local $sum f32)
                (loop $on
                    (local.set $sum (f32.add (local.get $sum) (f32.mul (local.get $b)
                        (f32.load (i32.and (i32.add (local.get $a) (i32.shl (local.get $i) (i32.const 2))) (i32.const 65532))))))
                    (if (f32.gt (local.get $sum) (f32.const {key})) (then
                        (i32.store (i32.const 60000) (i32.xor (i32.load (i32.const 60000)) (i32.const {key})))
                        (local.set $sum (f32.sqrt (local.get $sum)))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $on (i32.lt_u (local.get $i) (i32.and (local.get $a) (i32.const 255)))))
                (f32.div (local.get $sum) (f32.convert_i32_u (local.get $i))))"
        );
    }
    greenroom_kit::guest(&versioned::text_with(code, &more))
}

/// Milliseconds until another generation serves than `before`.
pub(crate) fn until_other(host: &Host, before: Generation, began: Instant) -> f64 {
    while host.active().unwrap().generation == before {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "nothing came of it: {:?}",
            host.refusals().unwrap().last()
        );
        std::thread::sleep(Duration::from_micros(100));
    }
    began.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds of processors that this process took, and those that it started and are gone.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // In ticks of 10 ms, behind the name.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    fields.skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

struct Files<'s> {
    small: &'s Small,
}

impl Files<'_> {
    /// Milliseconds from when a file is written, the wait for it to rest apart.
    fn written(&self, name: &str, content: &[u8]) -> f64 {
        let host = &self.small.host;
        let before = host.active().unwrap().generation;
        let path = self.small.folder.path().join(name);
        let part = path.with_extension("part");
        std::fs::write(&part, content).unwrap();
        let began = Instant::now();
        std::fs::rename(&part, &path).unwrap();
        let ms = until_other(host, before, began) - SETTLE.as_secs_f64() * 1e3;
        // The proposal ends a moment after it serves.
        std::thread::sleep(Duration::from_millis(50));
        ms
    }
}

/// Milliseconds that the disk takes for a write of a page.
fn fsync(folder: &Path, times: usize) -> Vec<f64> {
    let mut file = std::fs::File::create(folder.join("fsync")).unwrap();
    let mut all = Vec::new();
    for _ in 0..times {
        file.rewind().unwrap();
        file.write_all(&[7; 4_096]).unwrap();
        let began = Instant::now();
        file.sync_data().unwrap();
        all.push(began.elapsed().as_secs_f64() * 1e3);
    }
    all
}

pub(crate) fn figures(program: Option<&Path>, callers: &Runtime, times: Times) -> Vec<Figure> {
    let small = Small::new(program);
    let host = &small.host;
    let first = Made { code: 0, offset: 0, state: 0, turned: false };
    let figure = |id, what, all: &mut Vec<f64>, unit, target| {
        let (value, spread) = quantile(all, 0.5);
        println!("  {what}: {value:.2} {unit}, at most {:.2}", all.last().copied().unwrap_or_default());
        Figure {
            id,
            what,
            value,
            unit,
            better: "lower",
            target: Some(target),
            baseline: None,
            samples: all.len() as u64,
            spread,
        }
    };
    let mut figures = Vec::new();
    let decide = || callers.block_on(host.decide(ask("s1", 3))).unwrap();

    // Going back to what is warm, asked all the while.
    let (mut store, mut told, mut served, mut answered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut records, mut synced) = (Vec::new(), Vec::new());
    propose(
        host,
        Change::Graph {
            graph: text(Made { offset: 1, ..first }),
            components: BTreeMap::new(),
            states: BTreeMap::new(),
        },
    );
    for _ in 0..times.many {
        let before = host.active().unwrap().generation;
        let began = Instant::now();
        let ((done, ms), first) = std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                while decide().answer.generation == before {}
                began.elapsed().as_secs_f64() * 1e3
            });
            let done = propose(host, Change::Again(Generation(before.0 - 1)));
            (done, asking.join().unwrap())
        });
        let record = done.took.record.as_secs_f64() * 1e3;
        store.push(done.took.store.as_secs_f64() * 1e6);
        told.push(ms);
        served.push(first);
        records.push(record);
        answered.push((first - record).max(0.0));
        synced.extend(fsync(small.folder.path(), 3));
    }
    let (disk, _) = quantile(&mut synced, 0.5);
    println!(
        "  an fsync of a page: {disk:.2} ms; the record of an activation: {:.2} ms",
        quantile(&mut records, 0.5).0
    );
    figures.push(figure("swap.store", "the activation itself", &mut store, "us", 10.0));
    let what = "a warm plan to its first answer, the record apart";
    figures.push(figure("swap.first-answer", what, &mut answered, "ms", 1.0));
    let base = Some(("one fsync, ms", disk));
    let mut beyond: Vec<f64> = served.iter().map(|ms| ms - disk).collect();
    let back =
        figure("swap.back", "going back to a warm plan, to its first answer, less one fsync", &mut beyond, "ms", 5.0);
    figures.push(Figure { baseline: base, ..back });
    let mut beyond: Vec<f64> = told.iter().map(|ms| ms - disk).collect();
    let back = figure("swap.back-told", "the same until it is acknowledged", &mut beyond, "ms", 5.0);
    figures.push(Figure { baseline: base, target: None, ..back });

    // New states.
    let states = small.states();
    let mut all = Vec::new();
    for time in 0..times.many {
        let (schema, bytes) = versioned::state(u8::try_from(1 + time % 30).unwrap());
        let state = states.put(&State { schema: schema.to_owned(), bytes }).unwrap();
        all.push(propose(host, Change::States(BTreeMap::from([("one".to_owned(), state)]))).1);
    }
    figures.push(figure("swap.state", "a new state, proposed to serving", &mut all, "ms", 50.0));

    // Files.
    host.watch_files(SETTLE).unwrap();
    std::thread::sleep(SETTLE * 3);
    let files = Files { small: &small };
    let mut all: Vec<f64> = (0..times.many)
        .map(|time| {
            let made = Made { offset: u32::try_from(2 + time % 29).unwrap(), ..first };
            files.written("graph.toml", made.graph().as_bytes())
        })
        .collect();
    figures.push(figure("swap.params", "new parameters, written to serving", &mut all, "ms", 50.0));
    let known: Vec<Vec<u8>> = (1..4).map(versioned::code).collect();
    for component in &known {
        files.written("one.wasm", component);
    }
    let mut all: Vec<f64> = (0..times.many).map(|time| files.written("one.wasm", &known[time % known.len()])).collect();
    figures.push(figure("swap.known", "a known component, written to serving", &mut all, "ms", 50.0));
    let mut all: Vec<f64> = (0..times.few)
        .map(|time| {
            let number = u64::try_from(time).unwrap();
            files.written("one.wasm", &renewed(versioned::code(5), number))
        })
        .collect();
    figures.push(figure("swap.new-small", "a new component of 2 KB, written to serving", &mut all, "ms", 400.0));
    for (id, what, size, target) in [
        ("swap.new-100k", "a new component of 100 KB, written to serving", 100_000, 400.0),
        ("swap.new-1m", "a new component of 1 MB, written to serving", 1_000_000, 3_000.0),
    ] {
        let (mut all, mut cpu) = (Vec::new(), 0.0);
        for time in 0..times.few {
            let component = large(6, size, u64::try_from(time).unwrap());
            if time == 0 {
                println!("  {} bytes", component.len());
            }
            let before = cpu_ms();
            all.push(files.written("one.wasm", &component));
            cpu += cpu_ms() - before;
            assert_eq!(decide().items[0].id.parse::<u32>().unwrap(), 6);
        }
        let cpu = Some(("processor time, ms", cpu / times.few as f64));
        figures.push(Figure { baseline: cpu, ..figure(id, what, &mut all, "ms", target) });
    }
    figures
}

fn text(made: Made) -> greenroom_runtime::GraphText {
    greenroom_runtime::GraphText { file_name: "graph.toml".to_owned(), text: made.graph() }
}
