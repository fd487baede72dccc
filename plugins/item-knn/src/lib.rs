//! The `item-knn` plugin.
