//! A study in the store.
//!
//! Keys, in a namespace of the host's own, behind the name of the study:
//!
//! ```text
//! study            what it is about
//! lease            who runs it
//! trial/NUMBER     one record a trial: written when it is asked for, swapped when it is over
//! ```

use std::sync::Arc;

use greenroom_memory::KeyValue;
use serde::{Deserialize, Serialize};

use super::{Config, StudyError, Trial};
use crate::records::Records;

/// No graph can declare a name with an `@`.
pub(crate) const SPACE: &str = "@studies";

/// The layout of records that this code reads and writes.
const LAYOUT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    layout: u32,
    config: Config,
}

/// A study as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What it is about.
    pub config: Config,
    /// Its trials, by number.
    pub trials: Vec<Trial>,
}

impl Record {
    /// Reads a study that may be running.
    ///
    /// # Errors
    /// [`StudyError::NotFound`], or what is wrong with its records.
    pub fn read(kv: Arc<dyn KeyValue>, study: &str) -> Result<Self, StudyError> {
        let records = Records::new(kv, SPACE);
        let (config, _) = config(&records, study)?.ok_or_else(|| StudyError::NotFound { study: study.to_owned() })?;
        let trials = trials(&records, study)?.into_iter().map(|(trial, _)| trial).collect();
        Ok(Self { config, trials })
    }

    /// What a study is about; nothing when there is none of this name.
    ///
    /// # Errors
    /// What is wrong with its record.
    pub fn config(kv: Arc<dyn KeyValue>, study: &str) -> Result<Option<Config>, StudyError> {
        Ok(config(&Records::new(kv, SPACE), study)?.map(|(config, _)| config))
    }

    /// The names of the studies that there are.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn names(kv: Arc<dyn KeyValue>) -> Result<Vec<String>, StudyError> {
        let all = Records::new(kv, SPACE).scan("")?;
        Ok(all.iter().filter_map(|(key, _, _)| key.strip_suffix("/study").map(ToOwned::to_owned)).collect())
    }

    /// Without what depends on the clock: what two runs of a study have in common, byte for byte.
    #[must_use]
    pub fn timeless(self) -> Self {
        Self { trials: self.trials.into_iter().map(Trial::timeless).collect(), ..self }
    }
}

pub(super) fn trial_key(study: &str, number: u64) -> String {
    format!("{study}/trial/{number:012}")
}

/// What a study is about, and the revision at which it was written.
pub(super) fn config(records: &Records, study: &str) -> Result<Option<(Config, u64)>, StudyError> {
    let Some((stored, revision)) = records.get::<Stored>(&format!("{study}/study"))? else { return Ok(None) };
    if stored.layout != LAYOUT {
        let what = format!("its records have layout {}, and this version reads layout {LAYOUT}", stored.layout);
        return Err(StudyError::Damaged { study: study.to_owned(), what });
    }
    Ok(Some((stored.config, revision)))
}

pub(super) fn write_config(records: &Records, config: &Config, expected: Option<u64>) -> Result<(), StudyError> {
    let stored = Stored { layout: LAYOUT, config: config.clone() };
    records.swap(&format!("{}/study", config.name), expected, &stored)?;
    Ok(())
}

/// All trials by number with their revisions.
pub(super) fn trials(records: &Records, study: &str) -> Result<Vec<(Trial, u64)>, StudyError> {
    let all = records.scan(&format!("{study}/trial/"))?;
    let mut trials = Vec::with_capacity(all.len());
    for ((key, bytes, revision), number) in all.into_iter().zip(0..) {
        let trial: Trial = records.read(&key, &bytes)?;
        if trial.number != number || key != trial_key(study, number) {
            let what = format!("expected trial {number}, found trial {} under {key}", trial.number);
            return Err(StudyError::Damaged { study: study.to_owned(), what });
        }
        trials.push((trial, revision));
    }
    Ok(trials)
}
