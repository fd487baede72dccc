//! What no other graph beats, where an evolution is after several things.

use super::plot::{Plot, Scale};
use super::text::{count, escaped, number, shortened};
use super::{Report, page};
use crate::{Front, Member};

/// The section; nothing where there is one objective.
pub(super) fn section(report: &Report<'_>) -> String {
    let Some(front) = report.front else { return String::new() };
    let named = |values: &[f64]| -> String {
        let each = front.objectives.iter().zip(values).map(|(of, value)| format!("{} {}", of.name, number(*value)));
        escaped(&each.collect::<Vec<_>>().join(", "))
    };
    let words = format!(
        "<p>{} of the search no other beats in all objectives (the Pareto front), those first that add the most. Hypervolume {}, and \
         {} of the graph as it is, counted from the reference point {} in units of what that graph has (Zitzler and Thiele 1999). Values \
         of a search prove nothing.</p>",
        count(front.members.len(), "trial"),
        number(front.hypervolume),
        number(front.hypervolume_origin),
        named(&front.reference),
    );
    let heads: String =
        front.objectives.iter().map(|of| format!("<th class=\"n\">{}</th>", shortened(&of.name, 40))).collect();
    let values = |values: &[f64]| -> String {
        values.iter().map(|value| format!("<td class=\"n\">{}</td>", number(*value))).collect()
    };
    let row = |member: &Member| {
        let changes: Vec<String> = (member.changes.iter())
            .map(|change| match &change.to {
                Some(to) => format!("{}&nbsp;=&nbsp;{}", escaped(&change.what), shortened(to, 60)),
                None => escaped(&change.what),
            })
            .collect();
        let trial = format!("{} of {}", member.trial, page::study_name(&member.study));
        format!("<tr><th scope=\"row\">{trial}</th>{}<td>{}</td></tr>\n", values(&member.values), changes.join(", "))
    };
    let rows: String = front.members.iter().map(row).collect();
    let table = format!(
        "<div class=\"wide\"><table><thead><tr><th>trial</th>{heads}<th>changed</th></tr></thead><tbody>\
         <tr><th scope=\"row\">as it is</th>{}<td></td></tr>\n{rows}</tbody></table></div>",
        values(&front.origin)
    );
    page::section("front", "Front", &format!("{words}{}{table}", figure(front)))
}

/// The first two objectives, the first upright.
fn figure(front: &Front) -> String {
    let [up, along, ..] = front.objectives.as_slice() else { return String::new() };
    let of = |values: &[f64]| Some((values.get(1).copied()?, values.first().copied()?));
    let members: Vec<((f64, f64), &Member)> =
        front.members.iter().filter_map(|member| Some((of(&member.values)?, member))).collect();
    let all = || members.iter().map(|(at, _)| *at).chain(of(&front.origin));
    let mut plot = Plot::new(Scale::over(all().map(|(x, _)| x)), Scale::over(all().map(|(_, y)| y)));
    if let Some((x, y)) = of(&front.origin) {
        plot.upright("base", x);
        plot.level("base", y);
    }
    for (at, member) in &members {
        plot.mark("front", *at, &escaped(&format!("trial {} of {}", member.trial, member.study)));
    }
    let words = format!(
        "{} by {} and {}; the graph as it is where the lines cross",
        count(members.len(), "trial"),
        up.name,
        along.name
    );
    format!(
        "<div class=\"plots\"><figure><figcaption>{}</figcaption>\n{}</figure></div>",
        escaped(&words),
        plot.svg(&along.name, &up.name, &words)
    )
}
