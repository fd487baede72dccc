//! Ties by chance. Agents break ties by row, and the rows of an evaluation are those of sorted ids: whatever the order of ids
//! says of items, such as which were there first, is then known to whoever knows nothing. A finding that holds only in one
//! order of rows is none, for a catalog gives out rows in the order in which items come to it.

use std::sync::Arc;

use greenroom_model::Digest;

use super::{Block, Exam, Split};
use crate::events::Columns;

impl Split {
    /// The same rows of the same subjects, with items numbered by a hash of their ids; `salt` makes another order.
    #[must_use]
    pub fn with_items_by_hash(&self, salt: &str) -> Self {
        let mut order: Vec<(Digest, u32, &Arc<str>)> = self
            .items
            .iter()
            .zip(0..)
            .map(|(id, old)| (Digest::of(format!("ties:{salt}:{id}").as_bytes()), old, id))
            .collect();
        order.sort_unstable();
        let mut new = vec![u32::MAX; order.len()];
        for ((_, old, _), number) in order.iter().zip(0..) {
            if let Some(place) = new.get_mut(*old as usize) {
                *place = number;
            }
        }
        let renumbered = |part: &Columns| {
            let number = |old: &u32| new.get(*old as usize).copied().unwrap_or(u32::MAX);
            Columns { items: part.items.iter().map(number).collect(), ..part.clone() }
        };
        Self {
            items: order.into_iter().map(|(_, _, id)| Arc::clone(id)).collect(),
            train: renumbered(&self.train),
            test: renumbered(&self.test),
            ..self.clone()
        }
    }
}

impl Exam {
    /// All of its splits, [with items by hash](Split::with_items_by_hash).
    #[must_use]
    pub fn with_items_by_hash(&self, salt: &str) -> Self {
        let block =
            |block: &Block| Block { name: block.name.clone(), split: Arc::new(block.split.with_items_by_hash(salt)) };
        Self { protocol: self.protocol.clone(), blocks: self.blocks.iter().map(block).collect() }
    }
}
