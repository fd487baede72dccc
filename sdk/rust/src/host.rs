//! What the host offers: memory, log and metric. On wasm they are imports; natively [`crate::native`] stands in.

/// The shared memory layer.
pub mod memory {
    pub use crate::bindings::memory::{Entry, Error, KeyedEntry, Page};
    #[cfg(target_family = "wasm")]
    pub use crate::bindings::memory::{Namespace, gather, labels, open, row_count};
    #[cfg(not(target_family = "wasm"))]
    pub use crate::native::memory::{Namespace, gather, labels, open, row_count};

    use crate::Values;

    /// Keys with values, with expiry and batches: namespaces of kind `kv`.
    ///
    /// ```
    /// use greenroom_sdk::memory::kv;
    ///
    /// let sessions = kv::Namespace::open("sessions")?;
    /// let revision = sessions.put("ada", b"42", Some(30 * 60 * 1_000))?;
    /// assert_eq!(sessions.get("ada")?, Some(kv::Entry { value: b"42".to_vec(), revision }));
    /// # Ok::<(), kv::Error>(())
    /// ```
    pub mod kv {
        #[cfg(target_family = "wasm")]
        pub use crate::bindings::shared::kv::Namespace;
        pub use crate::bindings::shared::kv::{Entry, KeyedEntry, Page};
        pub use crate::bindings::shared::types::Error;
        #[cfg(not(target_family = "wasm"))]
        pub use crate::native::kinds::Kv as Namespace;
    }

    /// Keys with whole numbers: namespaces of kind `counter`.
    ///
    /// ```
    /// use greenroom_sdk::memory::counter;
    ///
    /// let shown = counter::Namespace::open("shown")?;
    /// shown.add("item/7", 1)?;
    /// assert_eq!(shown.get("item/7")?, 1);
    /// # Ok::<(), counter::Error>(())
    /// ```
    pub mod counter {
        #[cfg(target_family = "wasm")]
        pub use crate::bindings::shared::counter::Namespace;
        pub use crate::bindings::shared::counter::Page;
        pub use crate::bindings::shared::types::Error;
        #[cfg(not(target_family = "wasm"))]
        pub use crate::native::kinds::Counter as Namespace;
    }

    /// Records in the order in which they came: namespaces of kind `log`.
    ///
    /// ```
    /// use greenroom_sdk::memory::log;
    ///
    /// let notes = log::Namespace::open("notes")?;
    /// let first = notes.append("ada/", b"came")?;
    /// notes.append("ada/", b"left")?;
    /// let page = notes.read("ada/", &log::Start::After(first), 10)?;
    /// assert_eq!(page.entries[0].value, b"left");
    /// # Ok::<(), log::Error>(())
    /// ```
    pub mod log {
        #[cfg(target_family = "wasm")]
        pub use crate::bindings::shared::log::Namespace;
        pub use crate::bindings::shared::log::{Entry, Page, Start};
        pub use crate::bindings::shared::types::Error;
        #[cfg(not(target_family = "wasm"))]
        pub use crate::native::kinds::Log as Namespace;
    }

    /// Contents of any size under their SHA-256: namespaces of kind `blob`.
    ///
    /// ```
    /// use greenroom_sdk::memory::blob;
    ///
    /// let models = blob::Namespace::open("models")?;
    /// let upload = models.upload(None)?;
    /// upload.write(b"many ")?;
    /// upload.write(b"bytes")?;
    /// let model = upload.finish()?;
    /// assert_eq!(models.read(&model.digest, 5, 1_000)?, b"bytes");
    /// # Ok::<(), blob::Error>(())
    /// ```
    pub mod blob {
        pub use crate::bindings::shared::blob::{Info, Page};
        #[cfg(target_family = "wasm")]
        pub use crate::bindings::shared::blob::{Namespace, Upload};
        pub use crate::bindings::shared::types::Error;
        #[cfg(not(target_family = "wasm"))]
        pub use crate::native::contents::{Blobs as Namespace, Upload};
    }

    /// Vectors with labels, of which the nearest to another are found: namespaces of kind `vector`.
    ///
    /// ```
    /// use greenroom_sdk::memory::vector;
    ///
    /// let tastes = vector::Namespace::open("tastes")?;
    /// let item = |key: &str, vector: &[f32]| vector::Item { key: key.into(), vector: vector.to_vec(), labels: vec![], payload: vec![] };
    /// tastes.put(&item("ada", &[0.9, 0.1]), None)?;
    /// tastes.put(&item("bo", &[0.1, 0.9]), None)?;
    /// let near = tastes.nearest(&[1.0, 0.0], 1, &vector::all())?;
    /// assert_eq!(near[0].key, "ada");
    /// # Ok::<(), vector::Error>(())
    /// ```
    pub mod vector {
        pub use crate::bindings::shared::types::Error;
        #[cfg(target_family = "wasm")]
        pub use crate::bindings::shared::vector::Namespace;
        pub use crate::bindings::shared::vector::{Entry, Filter, Item, Neighbor, Page};
        #[cfg(not(target_family = "wasm"))]
        pub use crate::native::contents::Vectors as Namespace;

        /// The filter that all pass.
        #[must_use]
        pub fn all() -> Filter {
            Filter { prefix: String::new(), all_of: Vec::new(), any_of: Vec::new(), none_of: Vec::new() }
        }
    }

    /// What was written and removed.
    pub mod changes {
        pub use crate::bindings::shared::changes::{Change, Page};
        #[cfg(target_family = "wasm")]
        pub use crate::bindings::shared::changes::{now, read};
        pub use crate::bindings::shared::types::Error;
        #[cfg(not(target_family = "wasm"))]
        pub use crate::native::kinds::{now, read};
    }

    /// A number of each row, by the name of the field: NaN where it is not known.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a field that is not there or has labels, and whatever [`gather`] says.
    pub fn gather_f32s(rows: &[u32], field: &str) -> Result<Vec<f32>, Error> {
        match gather(rows, &[field.to_owned()])?.pop().map(|column| column.values) {
            Some(Values::F32s(numbers)) => Ok(numbers),
            _ => Err(Error::NotFound(format!("`{field}` has no numbers"))),
        }
    }
}

/// Lines for the operator, bounded by the host: functions that take a text, and macros of the same names that format one.
///
/// ```
/// use greenroom_sdk::log;
///
/// log::info("as it is");
/// log::warn!("{} of {} years are not known", 3, 10);
/// ```
pub mod log {
    pub use crate::{__debug as debug, __error as error, __info as info, __warn as warn};

    use crate::bindings::log::Level;

    fn write(level: Level, message: &str) {
        #[cfg(target_family = "wasm")]
        crate::bindings::log::write(level, message);
        #[cfg(not(target_family = "wasm"))]
        crate::native::log(level, message);
    }

    /// For an author.
    pub fn debug(message: &str) {
        write(Level::Debug, message);
    }

    /// For the record.
    pub fn info(message: &str) {
        write(Level::Info, message);
    }

    /// Something to look at.
    pub fn warn(message: &str) {
        write(Level::Warn, message);
    }

    /// Something is wrong.
    pub fn error(message: &str) {
        write(Level::Error, message);
    }
}

/// Numbers for the operator, bounded by the host.
pub mod metric {
    /// Adds to a counter.
    pub fn count(name: &str, value: f64) {
        #[cfg(target_family = "wasm")]
        crate::bindings::metric::count(name, value);
        #[cfg(not(target_family = "wasm"))]
        let _ = (name, value);
    }

    /// Observes a value.
    pub fn observe(name: &str, value: f64) {
        #[cfg(target_family = "wasm")]
        crate::bindings::metric::observe(name, value);
        #[cfg(not(target_family = "wasm"))]
        let _ = (name, value);
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! __debug {
    ($($text:tt)+) => { $crate::log::debug(&::std::format!($($text)+)) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __info {
    ($($text:tt)+) => { $crate::log::info(&::std::format!($($text)+)) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __warn {
    ($($text:tt)+) => { $crate::log::warn(&::std::format!($($text)+)) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __error {
    ($($text:tt)+) => { $crate::log::error(&::std::format!($($text)+)) };
}
