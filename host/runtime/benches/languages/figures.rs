//! What was found, as figures.

use greenroom_kit::Figure;

use crate::ROUNDS;
use crate::measured::{Found, Median};
use crate::subject::Subject;

/// What the SDK may cost.
const OF_SDK: f64 = 1.1;

pub(crate) fn of(found: &[(&Subject, Found)]) -> Vec<Figure> {
    let of = |name: &str| found.iter().find(|(subject, _)| subject.name == name).map(|(_, found)| found);
    let mut figures = Vec::new();
    if let (Some(sdk), Some(hand)) = (of("rust"), of("wit-bindgen")) {
        figures.push(beside("sdk.call", "a call by the SDK for Rust", sdk.call_us, ("by hand, us", hand.call_us.0)));
        let fuel = (sdk.fuel as f64, 0.0);
        figures.push(beside("sdk.fuel", "its fuel", fuel, ("by hand, fuel", hand.fuel as f64)));
    }
    figures.extend(found.iter().flat_map(|(subject, found)| of_subject(subject.name, found)));
    figures
}

fn beside(id: &str, what: &str, value: Median, base: (&'static str, f64)) -> Figure {
    Figure {
        value: value.0 / base.1,
        target: Some(OF_SDK),
        baseline: Some(base),
        ..figure(id, what, "times", (value.0 / base.1, value.1 / base.1))
    }
}

fn of_subject(name: &str, found: &Found) -> Vec<Figure> {
    let exact = |value: f64| (value, 0.0);
    let mut all = vec![
        ("size", "size", "KB", exact(found.bytes as f64 / 1e3)),
        ("compile", "compiling", "ms", found.compile_ms),
        ("load", "loading what was compiled", "ms", found.load_ms),
        ("instance", "an instance", "us", found.fresh[0]),
        ("request-stocked", "a request in an instance that was made before", "us", found.fresh[1]),
        ("request-fresh", "a request in a fresh instance", "us", found.fresh[2]),
        ("call", "a call, p50", "us", found.call_us),
        ("call-p99", "a call, p99", "us", found.call_p99_us),
        ("fuel", "fuel of a call", "M", exact(found.fuel as f64 / 1e6)),
        ("resident", "memory of an instance", "KB", exact(found.resident.resident / 1e3)),
        ("proportional", "memory of an instance of its own", "KB", exact(found.resident.proportional / 1e3)),
    ];
    if let Some([instance, _, request]) = found.image {
        all.push(("image", "an instance by an image", "us", instance));
        all.push(("request-image", "a request in an instance by an image", "us", request));
        all.push(("image-making", "making the image", "ms", exact(found.making_ms)));
    }
    if let Some(resident) = found.resident_of_image {
        all.push(("image-resident", "memory of an instance by an image", "KB", exact(resident.resident / 1e3)));
        let own = exact(resident.proportional / 1e3);
        all.push(("image-proportional", "memory of an instance by an image of its own", "KB", own));
    }
    let named = |(id, what, unit, value): (&str, &str, _, _)| {
        figure(&format!("{name}.{id}"), &format!("{name}: {what}"), unit, value)
    };
    all.into_iter().map(named).collect()
}

fn figure(id: &str, what: &str, unit: &'static str, (value, spread): Median) -> Figure {
    // There are as many as lines in a table, once.
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    Figure {
        id: text(format!("languages.{id}")),
        what: text(what.to_owned()),
        value,
        unit,
        better: "lower",
        target: None,
        baseline: None,
        samples: ROUNDS as u64,
        spread,
    }
}
