//! Sets of rows.

/// A set of rows as one byte a row: for filters that are asked about every row.
#[derive(Default, Clone)]
pub struct Marks {
    stamps: Vec<u32>,
    now: u32,
}

impl Marks {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self { stamps: Vec::new(), now: 1 }
    }

    /// Empties the set without touching its memory.
    pub fn clear(&mut self) {
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.stamps.fill(0);
            self.now = 1;
        }
    }

    /// Adds a row. Whether it was new.
    pub fn insert(&mut self, row: u32) -> bool {
        let place = row as usize;
        if self.stamps.len() <= place {
            self.stamps.resize(place + 1, 0);
        }
        match self.stamps.get_mut(place) {
            Some(stamp) if *stamp != self.now => {
                *stamp = self.now;
                true
            }
            _ => false,
        }
    }

    /// Adds rows.
    pub fn extend(&mut self, rows: &[u32]) {
        for &row in rows {
            self.insert(row);
        }
    }

    /// Whether a row is in the set.
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        self.now != 0 && self.stamps.get(row as usize) == Some(&self.now)
    }
}
