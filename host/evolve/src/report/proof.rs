//! What was judged on parts that the search has not used.

use super::text::{count, difference, escaped, number};
use super::{Report, page};
use crate::proof::{Judged, Judgement, Verdict};

/// How far the best of an evolution came, in a word and a sentence.
pub(super) fn standing(report: &Report<'_>) -> (&'static str, String) {
    let Some(validation) = report.validation else {
        return ("not judged", "Nothing was judged yet: values of a search prove nothing.".to_owned());
    };
    let Some(best) = validation.best() else {
        return ("unproven", "On the validation part none was found better than the baseline.".to_owned());
    };
    let name = arm_name(&best.name);
    match report.test.map(|test| test.arm(&best.name)) {
        None => (
            "validated",
            format!("{name} is better on the validation part. The test part was not read, so it is not proven."),
        ),
        Some(Some(arm)) if arm.difference > 0.0 => {
            ("proven", format!("{name} is better on the validation part, and on the test part as well."))
        }
        Some(Some(_)) => (
            "contradicted",
            format!("{name} was better on the validation part, and is not on the test part: no proof."),
        ),
        Some(None) => {
            ("validated", format!("{name} is better on the validation part. The test part says nothing of it."))
        }
    }
}

/// The section.
pub(super) fn section(report: &Report<'_>) -> String {
    let (word, sentence) = standing(report);
    let mut body = format!("<p><strong class=\"standing {}\">{word}</strong> {sentence}</p>", word.replace(' ', "-"));
    for (judgement, part) in [(report.validation, "Validation part"), (report.test, "Test part")] {
        body.push_str(&judgement.map_or_else(String::new, |judgement| table(judgement, part)));
    }
    if let (Some(terms), true) = (report.terms, report.validation.is_some()) {
        body.push_str(&format!(
            "<p class=\"sub\">Paired by subject, with {} and {} resamples. All arms are judged together (max-T), so that at {} % \
             at most any is found better when none is. Ends of intervals are adjusted alike.</p>",
            count(terms.seeds.len(), "seed"),
            terms.resamples,
            terms.level * 100.0,
        ));
    }
    page::section("proof", "Proof", &body)
}

fn table(judgement: &Judgement, part: &str) -> String {
    let rows: String = judgement.arms.iter().map(row).collect();
    let unusable = judgement.unusable.iter().map(|(name, why)| {
        format!("<li><code>{}</code> was not judged: {}</li>\n", arm_name(name), escaped(&why.to_string()))
    });
    let unusable: String = unusable.collect();
    let unusable = if unusable.is_empty() { unusable } else { format!("<ul>{unusable}</ul>") };
    format!(
        "<h3>{part}, {}</h3><div class=\"wide\"><table class=\"arms\"><thead><tr><th>arm</th><th>verdict</th><th class=\"n\">\
         difference</th><th class=\"n\">interval</th><th class=\"n\">mean</th></tr></thead><tbody><tr>\
         <th scope=\"row\">baseline</th><td></td><td></td><td></td><td class=\"n\">{}</td></tr>\n{rows}</tbody></table></div>{unusable}",
        count(judgement.users, "subject"),
        number(judgement.baseline),
    )
}

fn row(arm: &Judged) -> String {
    let (class, verdict) = match arm.verdict {
        Verdict::Better => ("better", "better"),
        Verdict::Worse => ("worse", "worse"),
        Verdict::Undecided => ("", "undecided"),
    };
    format!(
        "<tr><th scope=\"row\"><code>{}</code></th><td class=\"{class}\">{verdict} <span class=\"sub\">p = {:.4}</span></td>\
         <td class=\"n\">{}</td><td class=\"n\">{} to {}</td><td class=\"n\">{}</td></tr>\n",
        arm_name(&arm.name),
        arm.p,
        difference(arm.difference),
        end(arm.low, "\u{2212}\u{221e}"),
        end(arm.high, "\u{221e}"),
        number(arm.mean),
    )
}

fn end(value: f64, infinite: &str) -> String {
    if value.is_infinite() { infinite.to_owned() } else { difference(value) }
}

/// Arms are named by digests of plans, which are shown short.
fn arm_name(name: &str) -> String {
    name.parse::<greenroom_model::Digest>().map_or_else(|_| escaped(name), |digest| digest.short())
}
