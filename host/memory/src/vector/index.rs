//! A namespace's vectors in memory: all of them in a row, and a graph over those that came first. What the graph does not know
//! yet is looked at one by one.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::Bound;
use std::sync::Arc;

use greenroom_model::{VectorMetric, VectorSpace};

use super::filter::{Filter, Labels, Matcher};
use super::graph::{Graph, Places, Search};
use super::metric::{Geometry, lift};
use super::row::decode;

/// Entries up to which looking at each is as fast as the graph.
const EXACT_MAX: usize = 4096;

/// Entries that the graph need not know.
const BEHIND_MAX: usize = 1024;

/// Candidates of a search in the graph, for recall; twice as many as are asked for if that is more. On the sphere of the dot product
/// the nearest are farther apart.
fn breadth(metric: VectorMetric, count: usize) -> usize {
    let least = if metric == VectorMetric::Dot { 192 } else { 128 };
    least.max(2 * count)
}

/// Points after which there is enough to win from leaving out those that are gone.
const COMPACT_MIN: usize = 1024;

struct Point {
    key: Arc<str>,
    revision: u64,
    /// `i64::MAX` for never.
    expires_ms: i64,
    labels: Box<[u32]>,
    length: f64,
    /// Whether it was neither removed nor replaced.
    stands: bool,
}

/// What was found: where it was written tells whether it still stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) key: Arc<str>,
    pub(crate) revision: u64,
    pub(crate) distance: f32,
}

/// What an index holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Indexed {
    /// Entries that can be found.
    pub entries: usize,
    /// Of these and of those that are gone, how many the graph knows.
    pub in_graph: usize,
    /// Entries that were removed or replaced and still take room.
    pub gone: usize,
    /// Rows that are no vectors of this space, and are not found.
    pub unfit: usize,
    /// About how much memory it takes.
    pub bytes: usize,
}

pub(crate) struct Index {
    space: VectorSpace,
    places: Places,
    points: Vec<Point>,
    keys: BTreeMap<Arc<str>, u32>,
    labels: Labels,
    graph: Graph,
    unfit: BTreeSet<String>,
    /// The radius of the sphere on which vectors lie that are compared by their dot product: at least the longest's length.
    reach: f64,
}

impl Index {
    pub(crate) fn new(space: VectorSpace) -> Self {
        Self {
            space,
            places: Places::new(space.stride()),
            points: Vec::new(),
            keys: BTreeMap::new(),
            labels: Labels::default(),
            graph: Graph::default(),
            unfit: BTreeSet::new(),
            reach: 0.0,
        }
    }

    pub(crate) fn indexed(&self) -> Indexed {
        let point = size_of::<Point>() + 2 * size_of::<Arc<str>>() + 32;
        let of_points: usize =
            self.points.iter().map(|each| point + each.key.len() + size_of_val::<[u32]>(&each.labels)).sum();
        Indexed {
            entries: self.keys.len(),
            in_graph: self.graph.len(),
            gone: self.points.len() - self.keys.len(),
            unfit: self.unfit.len(),
            bytes: self.places.bytes() + self.graph.bytes() + self.labels.bytes() + of_points,
        }
    }

    /// The keys after one, up to another or all, that are found.
    pub(crate) fn keys_between(&self, after: Option<&str>, until: Option<&str>) -> Vec<String> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let end = until.map_or(Bound::Unbounded, Bound::Included);
        let found = self.keys.range::<str, _>((begin, end)).map(|(key, _)| key.to_string());
        found.chain(self.unfit.range::<str, _>((begin, end)).cloned()).collect()
    }

    /// Takes in what a row is now: its revision, when it expires, and its value; none when it is not there.
    pub(crate) fn apply(&mut self, key: &str, row: Option<(u64, Option<i64>, &[u8])>) {
        if let (Some(point), Some((revision, ..))) = (self.keys.get(key), row)
            && self.points.get(*point as usize).is_some_and(|point| point.revision == revision)
        {
            return;
        }
        self.unfit.remove(key);
        if let Some(point) = self.keys.remove(key)
            && let Some(point) = self.points.get_mut(point as usize)
        {
            point.stands = false;
        }
        if let Some((revision, expires_ms, value)) = row
            && !self.take(key, revision, expires_ms.unwrap_or(i64::MAX), value)
        {
            self.unfit.insert(key.to_owned());
        }
        if self.points.len() > COMPACT_MIN && self.points.len() > 2 * self.keys.len() {
            self.compact();
        }
    }

    fn take(&mut self, key: &str, revision: u64, expires_ms: i64, value: &[u8]) -> bool {
        let Some((entry, length)) =
            decode(value).and_then(|entry| self.space.check(&entry.vector).ok().map(|length| (entry, length)))
        else {
            return false;
        };
        let Some(number) = u32::try_from(self.points.len()).ok().filter(|number| *number < u32::MAX) else {
            return false;
        };
        if self.space.metric == VectorMetric::Dot && length > self.reach {
            self.widen(2.0 * length);
        }
        self.places.push(&self.space.place(&entry.vector, length, self.reach));
        let key: Arc<str> = key.into();
        let labels = self.labels.note(&entry.labels, number);
        self.keys.insert(Arc::clone(&key), number);
        self.points.push(Point { key, revision, expires_ms, labels, length, stands: true });
        true
    }

    /// All lie on a larger sphere from now on, where the graph's links are others.
    fn widen(&mut self, reach: f64) {
        self.reach = reach;
        self.graph = Graph::default();
        for (place, point) in self.places.each_mut().zip(&self.points) {
            if let Some(last) = place.last_mut() {
                *last = lift(point.length, reach);
            }
        }
    }

    /// Leaves out those that are gone.
    fn compact(&mut self) {
        let mut new = Self::new(self.space);
        new.reach = self.reach;
        let names = self.labels.names();
        for (number, point) in (0_u32..).zip(std::mem::take(&mut self.points)) {
            let Ok(next) = u32::try_from(new.points.len()) else { break };
            if !point.stands {
                continue;
            }
            new.places.push(self.places.get(number));
            let labels: Vec<String> = point
                .labels
                .iter()
                .filter_map(|label| names.get(*label as usize))
                .map(|name| (*name).to_owned())
                .collect();
            let labels = new.labels.note(&labels, next);
            new.keys.insert(Arc::clone(&point.key), next);
            new.points.push(Point { labels, ..point });
        }
        new.unfit = std::mem::take(&mut self.unfit);
        *self = new;
    }

    /// How many points the graph is to learn: more than may be behind.
    pub(crate) fn behind(&self) -> usize {
        let behind = self.points.len() - self.graph.len();
        if self.keys.len() > EXACT_MAX && behind > BEHIND_MAX { behind } else { 0 }
    }

    /// Has the graph learn up to so many points, if there are enough of them for a graph.
    pub(crate) fn learn(&mut self, most: usize) {
        if self.keys.len() <= EXACT_MAX {
            return;
        }
        for point in self.points.iter().skip(self.graph.len()).take(most) {
            if point.stands { self.graph.add(&self.places) } else { self.graph.pass() }
        }
    }

    /// The nearest `count` at a time, by distance and then by key.
    pub(crate) fn nearest(
        &self,
        vector: &[f32],
        length: f64,
        count: usize,
        filter: &Filter,
        now_ms: i64,
    ) -> Vec<Found> {
        let query = self.space.query(vector, length);
        let matcher = Matcher::new(filter, &self.labels);
        let accept = |point: u32| {
            self.points.get(point as usize).is_some_and(|point| {
                point.stands && point.expires_ms > now_ms && matcher.matches(&point.key, &point.labels)
            })
        };
        let all = 0..u32::try_from(self.points.len()).unwrap_or(u32::MAX);
        if let Some(few) = matcher.few(&self.keys, &self.labels, EXACT_MAX) {
            return self.best(&query, count, few.into_iter().filter(|point| accept(*point)));
        }
        let known = u32::try_from(self.graph.len()).unwrap_or(u32::MAX);
        let breadth = breadth(self.space.metric, count);
        let visits_max = (self.points.len() / 4).max(64 * breadth);
        let search = Search { query: &query, breadth, visits_max, accept: &accept };
        let found =
            Some(&self.graph).filter(|graph| graph.len() > 0).and_then(|graph| graph.search(&self.places, &search));
        match found {
            // Fewer than it looked for: some may not be reached.
            Some(found) if found.len() >= count => {
                let behind = (known..all.end).filter(|point| accept(*point));
                self.best(&query, count, found.into_iter().map(|at| at.1).chain(behind))
            }
            _ => self.best(&query, count, all.filter(|point| accept(*point))),
        }
    }

    /// The nearest of these.
    fn best(&self, query: &[f32], count: usize, points: impl Iterator<Item = u32>) -> Vec<Found> {
        let mut best: BinaryHeap<Ranked<'_>> = BinaryHeap::with_capacity(count + 1);
        for number in points {
            let Some(point) = self.points.get(number as usize) else { continue };
            let distance = self.space.distance(query, self.places.get(number));
            if best.len() >= count && best.peek().is_some_and(|worst| distance > worst.distance) {
                continue;
            }
            best.push(Ranked { distance, point });
            if best.len() > count {
                best.pop();
            }
        }
        let found = |Ranked { distance, point }: Ranked<'_>| Found {
            key: Arc::clone(&point.key),
            revision: point.revision,
            distance,
        };
        best.into_sorted_vec().into_iter().map(found).collect()
    }
}

struct Ranked<'i> {
    distance: f32,
    point: &'i Point,
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.distance.total_cmp(&other.distance).then_with(|| self.point.key.cmp(&other.point.key))
    }
}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked<'_> {}
