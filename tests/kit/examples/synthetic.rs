//! Writes events of made-up subjects: a train and a test file, to see how evaluation scales.
//!
//!     cargo run --release -p greenroom-kit --example synthetic -- DIR [users] [items] [train rows] [test rows]
//!
//! Items belong to one of 40 tastes and are popular by Zipf's law; a subject has three tastes and mostly follows them.
//! Within a subject, train comes before test. The same arguments give the same files.

#![expect(clippy::indexing_slicing, reason = "places in arrays of two and three")]

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

const TASTES: u64 = 40;

/// Sebastiano Vigna's SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        eprintln!("expected: DIR [users] [items] [train rows] [test rows]");
        std::process::exit(2);
    };
    let mut number = |default: u64| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (users, items, train, test) = (number(6_000), number(3_000), number(400_000), number(60_000));
    fs::create_dir_all(&folder)?;
    let mut files = [
        BufWriter::new(File::create(folder.join("train.tsv"))?),
        BufWriter::new(File::create(folder.join("test.tsv"))?),
    ];
    let mut random = Random(7);
    let quota = |rows: u64, user: u64| rows * (user + 1) / users - rows * user / users;
    for user in 0..users {
        let tastes = [random.below(TASTES), random.below(TASTES), random.below(TASTES)];
        let (early, late) = (quota(train, user), quota(test, user));
        let mut seen = HashSet::new();
        let mut time = 1_000_000_000 + random.below(100_000_000);
        let mut tries = 0;
        while (seen.len() as u64) < (early + late).min(items / 2) && tries < 1_000_000 {
            tries += 1;
            // Zipf over ranks by inversion; the rank within a taste, or over all items.
            let zipf = |random: &mut Random, n: u64| ((n as f64).powf(random.unit()) - 1.0) as u64;
            let item = if random.unit() < 0.8 {
                let taste = tastes[random.below(3) as usize];
                zipf(&mut random, items / TASTES) * TASTES + taste
            } else {
                zipf(&mut random, items)
            };
            if item >= items || !seen.insert(item) {
                continue;
            }
            time += 60 + random.below(86_400);
            let part = usize::from(seen.len() as u64 > early);
            writeln!(files[part], "u{user}\ti{item}\t5.0\t{time}")?;
        }
    }
    files.iter_mut().try_for_each(Write::flush)
}
