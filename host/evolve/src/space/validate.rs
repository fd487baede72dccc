//! What dimensions must be to make a space.

use super::{Condition, Dimension, Domain, Hook, SpaceError};

/// One a dimension, when it has a condition.
pub(super) fn hangs_on(dimensions: &[Dimension]) -> Result<Vec<Option<Hook>>, Vec<SpaceError>> {
    let mut errors = Vec::new();
    let mut found = Vec::with_capacity(dimensions.len());
    for (place, dimension) in dimensions.iter().enumerate() {
        let mut wrong = |what: String| errors.push(SpaceError { dimension: dimension.name.clone(), what });
        let (earlier, later) = dimensions.split_at(place);
        if dimension.name.is_empty() {
            wrong("it has no name".to_owned());
        } else if earlier.iter().any(|other| other.name == dimension.name) {
            wrong("the name is used twice".to_owned());
        }
        range(&dimension.domain, &mut wrong);
        found.push(
            dimension.condition.as_ref().and_then(|condition| hook(dimension, condition, earlier, later, &mut wrong)),
        );
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

fn range(domain: &Domain, wrong: &mut impl FnMut(String)) {
    match domain {
        Domain::Float { low, high, log } => {
            if !low.is_finite() || !high.is_finite() {
                wrong(format!("the range from {low} to {high} is not finite"));
            } else if low > high {
                wrong(format!("the range from {low} to {high} holds nothing: low is above high"));
            } else if *log && *low <= 0.0 {
                wrong(format!("a logarithmic range must begin above 0, not at {low}"));
            }
        }
        Domain::Integer { low, high, log } => {
            if low > high {
                wrong(format!("the range from {low} to {high} holds nothing: low is above high"));
            } else if *log && *low <= 0 {
                wrong(format!("a logarithmic range must begin above 0, not at {low}"));
            }
        }
        Domain::Choice { options } => {
            if options.is_empty() {
                wrong("there are no options to choose from".to_owned());
            }
            for (place, option) in options.iter().enumerate() {
                let before = options.iter().take(place).filter(|other| *other == option).count();
                if before == 1 {
                    wrong(format!("the option `{option}` is there twice"));
                }
            }
        }
        Domain::Boolean => {}
    }
}

/// Where a condition is hung up, or nothing when it cannot be.
fn hook(
    dimension: &Dimension,
    condition: &Condition,
    earlier: &[Dimension],
    later: &[Dimension],
    wrong: &mut impl FnMut(String),
) -> Option<Hook> {
    let on = &condition.dimension;
    if *on == dimension.name {
        wrong("its condition speaks of itself".to_owned());
        return None;
    }
    let Some((place, found)) = earlier.iter().enumerate().find(|(_, other)| other.name == *on) else {
        if later.iter().any(|other| other.name == *on) {
            wrong(format!("its condition speaks of `{on}`, which comes later: put that one first"));
        } else {
            wrong(format!("its condition speaks of `{on}`, which is unknown"));
        }
        return None;
    };
    if matches!(found.domain, Domain::Float { .. }) {
        wrong(format!("its condition speaks of `{on}`, a real: only choices, switches and whole numbers can be asked"));
        return None;
    }
    if condition.values.is_empty() {
        wrong(format!("its condition names no value of `{on}`, so it could never matter"));
    }
    let mut steps = Vec::with_capacity(condition.values.len());
    for value in &condition.values {
        match found.domain.step_written(value) {
            Some(step) => steps.push(step),
            None => wrong(format!("its condition wants `{on}` to be {value}: expected {}", found.domain)),
        }
    }
    Some((place, steps))
}
