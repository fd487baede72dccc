//! Temporary files that a kill left behind: whoever writes a file whole or not at all writes it under such a name first.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::states::remove_old;

/// As `tempfile` begins their names.
const PREFIX: &str = ".tmp";

/// Whoever still writes has written within so long: nothing takes more than some minutes.
const AGE: Duration = Duration::from_secs(86_400);

/// Removes those of a folder that nobody writes any more; bytes that are gone. There are none in a folder that is not there.
pub(super) fn sweep(folder: &Path) -> io::Result<u64> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut gone = 0;
    for entry in entries {
        let entry = entry?;
        let temporary = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !temporary || !entry.file_type()?.is_file() {
            continue;
        }
        let bytes = match entry.metadata() {
            Ok(metadata) => metadata.len(),
            // Its writer gave it its name just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if remove_old(&entry.path(), AGE)? {
            gone += bytes;
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_a_kill_left_goes_and_what_is_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - AGE - Duration::from_secs(60);
        for (name, aged) in [(".tmp0aB1cD", true), (".tmp2eF3gH", false), ("state", true), (".hidden", true)] {
            fs::write(folder.path().join(name), "1234").unwrap();
            if aged {
                File::options().append(true).open(folder.path().join(name)).unwrap().set_modified(old).unwrap();
            }
        }
        fs::create_dir(folder.path().join(".tmpdir")).unwrap();
        // What is being written is new, however long ago it was begun.
        let written = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        assert_eq!(sweep(folder.path()).unwrap(), 4);
        assert!(!folder.path().join(".tmp0aB1cD").exists() && written.path().exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
        assert_eq!(sweep(&folder.path().join("none")).unwrap(), 0);
    }
}
