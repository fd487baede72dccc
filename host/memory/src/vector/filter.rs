//! Which entries may be answers.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::row::check_labels;
use crate::change::{Excess, within};
use crate::kv::KEY_BYTES_MAX;

/// Which entries may be answers; the default is all. Each list has up to [`LABELS_MAX`](super::LABELS_MAX) labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What their keys begin with.
    pub prefix: String,
    /// They have all of these labels.
    pub all_of: Vec<String>,
    /// They have one of these, if there are any.
    pub any_of: Vec<String>,
    /// They have none of these.
    pub none_of: Vec<String>,
}

impl Filter {
    pub(crate) fn check(&self) -> Result<(), Excess> {
        within("bytes of a prefix", self.prefix.len(), KEY_BYTES_MAX)?;
        [&self.all_of, &self.any_of, &self.none_of].into_iter().try_for_each(|labels| check_labels(labels))
    }
}

/// Labels by number, and who has them.
#[derive(Default)]
pub(crate) struct Labels {
    numbers: HashMap<Arc<str>, u32>,
    /// Points that have it, also those that are gone.
    points: Vec<Vec<u32>>,
}

impl Labels {
    /// Notes a new point's labels; their numbers.
    pub(crate) fn note(&mut self, labels: &[String], point: u32) -> Box<[u32]> {
        let note = |label: &String| {
            let next = u32::try_from(self.points.len()).unwrap_or(u32::MAX);
            let number = *self.numbers.entry(label.as_str().into()).or_insert(next);
            if number == next {
                self.points.push(Vec::new());
            }
            if let Some(points) = self.points.get_mut(number as usize) {
                points.push(point);
            }
            number
        };
        labels.iter().map(note).collect()
    }

    /// The labels at their numbers.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<(u32, &str)> = self.numbers.iter().map(|(name, number)| (*number, &**name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    fn who(&self, label: u32) -> &[u32] {
        self.points.get(label as usize).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn bytes(&self) -> usize {
        let names: usize = self.numbers.keys().map(|name| name.len() + 64).sum();
        names + self.points.iter().map(|points| points.capacity() * size_of::<u32>()).sum::<usize>()
    }
}

/// A filter with the labels' numbers. A label that nobody has is none.
pub(crate) struct Matcher<'f> {
    prefix: &'f str,
    all_of: Vec<Option<u32>>,
    any_of: Vec<Option<u32>>,
    none_of: Vec<Option<u32>>,
}

impl<'f> Matcher<'f> {
    pub(crate) fn new(filter: &'f Filter, labels: &Labels) -> Self {
        let numbers = |names: &[String]| names.iter().map(|name| labels.numbers.get(name.as_str()).copied()).collect();
        let Filter { prefix, all_of, any_of, none_of } = filter;
        Self { prefix, all_of: numbers(all_of), any_of: numbers(any_of), none_of: numbers(none_of) }
    }

    pub(crate) fn matches(&self, key: &str, labels: &[u32]) -> bool {
        let has = |label: &Option<u32>| label.is_some_and(|label| labels.contains(&label));
        key.starts_with(self.prefix)
            && self.all_of.iter().all(has)
            && (self.any_of.is_empty() || self.any_of.iter().any(has))
            && !self.none_of.iter().any(has)
    }

    /// All points that can match, each once, where these are no more than `most`; they may be more than do match.
    pub(crate) fn few(&self, keys: &BTreeMap<Arc<str>, u32>, labels: &Labels, most: usize) -> Option<Vec<u32>> {
        let who = |label: &Option<u32>| label.map_or(&[][..], |label| labels.who(label));
        if let Some(fewest) = self.all_of.iter().map(who).min_by_key(|points| points.len())
            && fewest.len() <= most
        {
            return Some(fewest.to_vec());
        }
        if !self.any_of.is_empty() && self.any_of.iter().map(|label| who(label).len()).sum::<usize>() <= most {
            let mut points: Vec<u32> = self.any_of.iter().flat_map(who).copied().collect();
            points.sort_unstable();
            points.dedup();
            return Some(points);
        }
        if self.prefix.is_empty() {
            return None;
        }
        let begun = keys
            .range::<str, _>((Bound::Included(self.prefix), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(self.prefix));
        let points: Vec<u32> = begun.map(|(_, point)| *point).take(most + 1).collect();
        (points.len() <= most).then_some(points)
    }
}
