//! What was found, for a person.

use crate::measured::{Found, Resident};
use crate::subject::Subject;

pub(crate) fn print(found: &[(&Subject, Found)]) {
    println!(
        "\n{:<30} {:>9} {:>9} {:>8} {:>10} {:>10} {:>10} {:>9} {:>9} {:>9}",
        "scorer", "KB", "compile", "load", "instance", "call p50", "p99", "M fuel", "KB each", "of it own"
    );
    println!("{:<30} {:>9} {:>9} {:>8} {:>10} {:>10} {:>10}", "", "", "ms", "ms", "us", "us", "us");
    for (subject, found) in found {
        println!(
            "{:<30} {:>9.0} {:>9.1} {:>8.2} {:>10.1} {:>10.1} {:>10.1} {:>9.3} {:>9.0} {:>9.0}",
            subject.name,
            found.bytes as f64 / 1e3,
            found.compile_ms.0,
            found.load_ms.0,
            found.fresh[0].0,
            found.call_us.0,
            found.call_p99_us.0,
            found.fuel as f64 / 1e6,
            found.resident.resident / 1e3,
            found.resident.proportional / 1e3,
        );
    }
    println!(
        "\n{:<18} {:>9} | {:>9} {:>9} {:>9} | {:>9} {:>9} {:>9} {:>9} | {:>9} {:>9}",
        "a request, us",
        "kept",
        "made",
        "first",
        "all",
        "by image",
        "first",
        "all",
        "making ms",
        "KB each",
        "of it own"
    );
    for (subject, found) in found.iter().filter(|(subject, _)| subject.is_ours()) {
        let [made, first, whole] = found.fresh.map(|(median, _)| median);
        print!("{:<18} {:>9.1} | {made:>9.1} {first:>9.1} {whole:>9.1} | ", subject.name, found.call_us.0);
        match (found.image, found.resident_of_image) {
            (Some(image), Some(Resident { resident, proportional })) => {
                let [made, first, whole] = image.map(|(median, _)| median);
                let (resident, proportional, making) = (resident / 1e3, proportional / 1e3, found.making_ms);
                println!("{made:>9.1} {first:>9.1} {whole:>9.1} {making:>9.0} | {resident:>9.0} {proportional:>9.0}");
            }
            _ => println!("no image: {}", found.no_image.as_deref().unwrap_or_default()),
        }
    }
}
