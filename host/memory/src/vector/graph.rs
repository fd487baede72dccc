//! A graph in which the nearest are found without looking at all: hierarchical navigable small worlds (Malkov and Yashunin,
//! 2016). Each point is linked to near ones in different directions, some points also to others farther away, level by level; a
//! search goes from the top to ever nearer ones.
//!
//! Own code, for want of a kept crate: `hnsw_rs` asserts what a caller can't promise, takes four times the memory an entry, and
//! brings a logger and memory maps along; the others have no filter inside the search, take no points later, or need C.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::metric::squared;

/// Links of a point on the lowest level, and on each above.
const LINKS: usize = 32;
const LINKS_ABOVE: usize = 16;

/// Links that a new point makes.
const LINKS_NEW: usize = 16;

/// Candidates for the links of a new point.
const BREADTH: usize = 128;

/// Of a place where no link is.
const NONE: u32 = u32::MAX;

/// Where points lie, one after the other.
pub(crate) struct Places {
    stride: usize,
    numbers: Vec<f32>,
}

impl Places {
    pub(crate) fn new(stride: usize) -> Self {
        Self { stride, numbers: Vec::new() }
    }

    pub(crate) fn push(&mut self, place: &[f32]) {
        self.numbers.extend_from_slice(place);
    }

    pub(crate) fn get(&self, point: u32) -> &[f32] {
        let begin = point as usize * self.stride;
        self.numbers.get(begin..begin + self.stride).unwrap_or_default()
    }

    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.numbers.chunks_exact_mut(self.stride)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<f32>()
    }
}

/// A point at a distance; the nearer is the less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct At(pub(crate) f32, pub(crate) u32);

impl Eq for At {}

impl Ord for At {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

impl PartialOrd for At {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What is searched, and how far.
pub(crate) struct Search<'s> {
    pub(crate) query: &'s [f32],
    /// How many are found.
    pub(crate) breadth: usize,
    /// Points that are looked at; one more ends it without a result.
    pub(crate) visits_max: usize,
    /// Which may be found; the way may lead over others.
    pub(crate) accept: &'s dyn Fn(u32) -> bool,
}

/// Links between the points of [`Places`], from the first one on.
#[derive(Default)]
pub(crate) struct Graph {
    lowest: Vec<[u32; LINKS]>,
    /// Of points that are on levels above, from level 1 on.
    above: HashMap<u32, Vec<[u32; LINKS_ABOVE]>>,
    /// Where a search begins: a point of the highest level.
    top: Option<(u32, usize)>,
}

fn linked(links: &[u32]) -> impl Iterator<Item = u32> {
    links.iter().copied().take_while(|point| *point != NONE)
}

/// The highest level of a point: 1 of 16 is on level 1, of them again 1 of 16 on level 2. It follows from its number (SplitMix64), so
/// that the same points make the same graph.
fn level_of(point: u32) -> usize {
    let mut mixed = u64::from(point).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)).trailing_zeros() as usize / 4
}

impl Graph {
    /// How many points it knows.
    pub(crate) fn len(&self) -> usize {
        self.lowest.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        let above: usize = self.above.values().map(|levels| 64 + size_of_val(levels.as_slice())).sum();
        self.lowest.capacity() * size_of::<[u32; LINKS]>() + above
    }

    fn links(&self, point: u32, level: usize) -> impl Iterator<Item = u32> {
        let links = match level.checked_sub(1) {
            None => self.lowest.get(point as usize).map(<[u32; LINKS]>::as_slice),
            Some(above) => self.above.get(&point).and_then(|levels| levels.get(above)).map(<[u32; 16]>::as_slice),
        };
        linked(links.unwrap_or_default())
    }

    fn links_mut(&mut self, point: u32, level: usize) -> &mut [u32] {
        let links = match level.checked_sub(1) {
            None => self.lowest.get_mut(point as usize).map(<[u32; LINKS]>::as_mut_slice),
            Some(above) => {
                self.above.get_mut(&point).and_then(|levels| levels.get_mut(above)).map(<[u32; 16]>::as_mut_slice)
            }
        };
        links.unwrap_or_default()
    }

    fn set_links(&mut self, point: u32, level: usize, to: &[u32]) {
        let to = to.iter().copied().chain(std::iter::repeat(NONE));
        self.links_mut(point, level).iter_mut().zip(to).for_each(|(link, to)| *link = to);
    }

    /// Knows the next point, which is never found.
    pub(crate) fn pass(&mut self) {
        self.lowest.push([NONE; LINKS]);
    }

    /// Adds the next point.
    pub(crate) fn add(&mut self, places: &Places) {
        let Ok(point) = u32::try_from(self.lowest.len()) else { return };
        let level = level_of(point);
        self.pass();
        if level > 0 {
            self.above.insert(point, vec![[NONE; LINKS_ABOVE]; level]);
        }
        let Some((begin, top)) = self.top else {
            self.top = Some((point, level));
            return;
        };
        let query = places.get(point);
        let mut from = vec![At(squared(query, places.get(begin)), begin)];
        for above in (level + 1..=top).rev() {
            from = self.nearer(places, query, from, above);
        }
        let all = |other| other != point;
        let search = Search { query, breadth: BREADTH, visits_max: usize::MAX, accept: &all };
        for level in (0..=level.min(top)).rev() {
            let found = self.layer(places, &search, &from, level).unwrap_or_default();
            let links = apart(places, &found, LINKS_NEW);
            self.set_links(point, level, &links);
            for other in links {
                self.link(places, other, point, level);
            }
            from = found;
        }
        if level > top {
            self.top = Some((point, level));
        }
    }

    /// Links a point to a new one; where it has no room, the best stay.
    fn link(&mut self, places: &Places, point: u32, to: u32, level: usize) {
        let links = self.links_mut(point, level);
        if let Some(free) = links.iter_mut().find(|link| **link == NONE) {
            *free = to;
            return;
        }
        let most = links.len();
        let here = places.get(point);
        let mut all: Vec<At> =
            linked(links).chain([to]).map(|other| At(squared(here, places.get(other)), other)).collect();
        all.sort_unstable();
        let stay = apart(places, &all, most);
        self.set_links(point, level, &stay);
    }

    /// The nearest that is reached by going to ever nearer ones.
    fn nearer(&self, places: &Places, query: &[f32], from: Vec<At>, level: usize) -> Vec<At> {
        let Some(mut best) = from.into_iter().min() else { return Vec::new() };
        loop {
            let next = self.links(best.1, level).map(|point| At(squared(query, places.get(point)), point)).min();
            match next.filter(|next| *next < best) {
                Some(next) => best = next,
                None => return vec![best],
            }
        }
    }

    /// Those near the query that are accepted, nearest first; none when too many had to be looked at.
    pub(crate) fn search(&self, places: &Places, search: &Search<'_>) -> Option<Vec<At>> {
        let Some((begin, top)) = self.top else { return Some(Vec::new()) };
        let mut from = vec![At(squared(search.query, places.get(begin)), begin)];
        for level in (1..=top).rev() {
            from = self.nearer(places, search.query, from, level);
        }
        self.layer(places, search, &from, 0)
    }

    fn layer(&self, places: &Places, search: &Search<'_>, from: &[At], level: usize) -> Option<Vec<At>> {
        let mut seen = Seen::new(self.lowest.len());
        let mut ahead: BinaryHeap<Reverse<At>> = BinaryHeap::new();
        let mut found: BinaryHeap<At> = BinaryHeap::with_capacity(search.breadth + 1);
        let mut visits = 0_usize;
        for at in from {
            if seen.first(at.1) {
                ahead.push(Reverse(*at));
                if (search.accept)(at.1) {
                    found.push(*at);
                }
            }
        }
        while let Some(Reverse(next)) = ahead.pop() {
            let full = found.len() >= search.breadth;
            if full && found.peek().is_some_and(|worst| next.0 > worst.0) {
                break;
            }
            for point in self.links(next.1, level) {
                if !seen.first(point) {
                    continue;
                }
                visits += 1;
                if visits > search.visits_max {
                    return None;
                }
                let at = At(squared(search.query, places.get(point)), point);
                if found.len() >= search.breadth && found.peek().is_some_and(|worst| at >= *worst) {
                    continue;
                }
                ahead.push(Reverse(at));
                if (search.accept)(point) {
                    found.push(at);
                    if found.len() > search.breadth {
                        found.pop();
                    }
                }
            }
        }
        Some(found.into_sorted_vec())
    }
}

/// Of points in the order of their distance from one, those that are nearer to it than to any that was taken before: they lie in
/// different directions, so that links lead out of a cluster.
fn apart(places: &Places, sorted: &[At], most: usize) -> Vec<u32> {
    let mut taken: Vec<u32> = Vec::with_capacity(most);
    for At(distance, point) in sorted {
        if taken.len() >= most {
            break;
        }
        let here = places.get(*point);
        if taken.iter().all(|other| squared(here, places.get(*other)) >= *distance) {
            taken.push(*point);
        }
    }
    taken
}

/// Which points were looked at: a bit each.
struct Seen(Vec<u64>);

impl Seen {
    fn new(points: usize) -> Self {
        Self(vec![0; points.div_ceil(64)])
    }

    /// Whether it was not.
    fn first(&mut self, point: u32) -> bool {
        let Some(word) = self.0.get_mut(point as usize / 64) else { return false };
        let bit = 1 << (point % 64);
        let first = *word & bit == 0;
        *word |= bit;
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: u16) -> (Places, Graph) {
        let (mut places, mut graph) = (Places::new(2), Graph::default());
        for point in 0..points {
            places.push(&[f32::from(point), 0.5]);
            graph.add(&places);
        }
        (places, graph)
    }

    fn near(places: &Places, graph: &Graph, x: f32, accept: &dyn Fn(u32) -> bool) -> Option<Vec<u32>> {
        let search = Search { query: &[x, 0.5], breadth: 4, visits_max: 500, accept };
        graph.search(places, &search).map(|found| found.into_iter().map(|at| at.1).collect())
    }

    #[test]
    fn the_nearest_are_found_in_their_order() {
        let (places, graph) = line(2_000);
        for x in [0_u16, 7, 777, 1_996] {
            let found = near(&places, &graph, f32::from(x) + 0.1, &|_| true).unwrap();
            assert_eq!(found[..2], [u32::from(x), u32::from(x) + 1]);
        }
        assert_eq!(near(&Places::new(2), &Graph::default(), 1.0, &|_| true), Some(Vec::new()));
    }

    #[test]
    fn a_filter_holds_however_few_pass() {
        let (places, graph) = line(400);
        let found = near(&places, &graph, 50.0, &|point| point % 100 == 7).unwrap();
        assert_eq!(found, [7, 107, 207, 307]);
        assert_eq!(near(&places, &graph, 50.0, &|_| false), Some(Vec::new()));
        let (places, graph) = line(2_000);
        assert_eq!(near(&places, &graph, 50.0, &|_| false), None, "it looks at no more than it may");
    }

    #[test]
    fn points_at_one_place_are_all_found() {
        let (mut places, mut graph) = (Places::new(1), Graph::default());
        for _ in 0..300 {
            places.push(&[1.0]);
            graph.add(&places);
        }
        let search = Search { query: &[1.0], breadth: 20, visits_max: 1_000, accept: &|_| true };
        assert_eq!(graph.search(&places, &search).unwrap().len(), 20);
    }
}
