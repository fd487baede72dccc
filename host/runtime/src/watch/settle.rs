//! When files have settled: decided from what was seen of them and when, without looking at any.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Files, what was seen of each and what is known of its content. `S` tells one state of a file from another without
/// reading it, `C` is its content. Times are those of a clock that only goes forward.
pub(super) struct Settle<S, C> {
    settle: Duration,
    files: BTreeMap<PathBuf, File<S, C>>,
}

struct File<S, C> {
    /// The latest look, and since when every look was like it.
    seen: Option<(S, Duration)>,
    /// The content, and what the file looked like before it was read and after.
    read: Option<(S, C)>,
    told: Option<C>,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Read these: they have settled, and their content is not known.
    Read(Vec<PathBuf>),
    /// All files have settled and at least one has another content than was told last: see [`Settle::tell`].
    Tell,
    /// Some have not settled; none will before then.
    Wait(Duration),
    /// Nothing, until something changes.
    Rest,
}

impl<S: PartialEq + Clone, C: PartialEq + Clone> Settle<S, C> {
    pub(super) fn new(settle: Duration) -> Self {
        Self { settle, files: BTreeMap::new() }
    }

    /// These files and no others. What is known of those that stay is kept.
    pub(super) fn set(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let files: BTreeSet<PathBuf> = files.into_iter().collect();
        self.files.retain(|path, _| files.contains(path));
        for path in files {
            self.files.entry(path).or_insert(File { seen: None, read: None, told: None });
        }
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Looks at all files: `look` says what is to be seen of each at `now`.
    pub(super) fn look(&mut self, now: Duration, mut look: impl FnMut(&Path) -> S) {
        for (path, file) in &mut self.files {
            let found = look(path);
            if file.seen.as_ref().is_none_or(|(seen, _)| *seen != found) {
                file.seen = Some((found, now));
            }
        }
    }

    /// What is to be done at `now`, which is when files were looked at last.
    pub(super) fn next(&self, now: Duration) -> Next {
        let (mut read, mut wait) = (Vec::new(), None);
        for (path, file) in &self.files {
            let Some((seen, since)) = &file.seen else {
                wait = Some(now);
                continue;
            };
            let settled = since.saturating_add(self.settle);
            if settled > now {
                wait = Some(wait.map_or(settled, |wait: Duration| wait.min(settled)));
            } else if file.read.as_ref().is_none_or(|(read, _)| read != seen) {
                read.push(path.clone());
            }
        }
        if !read.is_empty() {
            return Next::Read(read);
        }
        if let Some(until) = wait {
            return Next::Wait(until);
        }
        let another = |file: &File<S, C>| file.read.as_ref().map(|(_, content)| content) != file.told.as_ref();
        if self.files.values().any(another) { Next::Tell } else { Next::Rest }
    }

    /// What reading a file came to; `seen` is what it looked like before and after.
    pub(super) fn keep(&mut self, path: &Path, seen: S, content: C) {
        if let Some(file) = self.files.get_mut(path) {
            file.read = Some((seen, content));
        }
    }

    /// A file changed while it was read: it has to settle anew.
    pub(super) fn disturbed(&mut self, path: &Path, now: Duration) {
        if let Some((_, since)) = self.files.get_mut(path).and_then(|file| file.seen.as_mut()) {
            *since = now;
        }
    }

    /// Forgets contents, so that they are read again although nothing that can be seen of the files has changed.
    pub(super) fn forget(&mut self, which: impl Fn(&C) -> bool) {
        for file in self.files.values_mut() {
            if file.read.as_ref().is_some_and(|(_, content)| which(content)) {
                file.read = None;
            }
        }
    }

    /// The content of all files, which counts as told from now on.
    pub(super) fn tell(&mut self) -> BTreeMap<PathBuf, C> {
        let mut all = BTreeMap::new();
        for (path, file) in &mut self.files {
            if let Some((_, content)) = &file.read {
                file.told = Some(content.clone());
                all.insert(path.clone(), content.clone());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTLE: u64 = 10;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// Another version of a file; whether it has other content too.
        Write {
            file: usize,
            content: u8,
        },
        /// Files are looked at, and what is to be done is done. With `during`, that file changes while it is read.
        Look {
            during: Option<usize>,
        },
        Pass(u64),
        Set(Vec<usize>),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0..3_usize, 0..3_u8).prop_map(|(file, content)| Step::Write { file, content }),
            4 => proptest::option::weighted(0.2, 0..3_usize).prop_map(|during| Step::Look { during }),
            4 => (0..15_u64).prop_map(Step::Pass),
            1 => proptest::collection::vec(0..3_usize, 0..4).prop_map(Step::Set),
        ]
    }

    /// Files as they are, and what the machine under test did with them.
    struct World {
        now: u64,
        machine: Settle<u64, u8>,
        /// Version, when it was written, content.
        files: [(u64, u64, u8); 3],
        versions: u64,
        reads: BTreeSet<(PathBuf, u64)>,
        told: BTreeMap<PathBuf, u8>,
        calls: usize,
    }

    fn number(path: &Path) -> usize {
        path.to_str().unwrap().parse().unwrap()
    }

    impl World {
        fn write(&mut self, file: usize, content: u8) {
            self.versions += 1;
            self.files[file] = (self.versions, self.now, content);
        }

        fn set(&mut self, files: &[usize]) {
            let paths: BTreeSet<PathBuf> = files.iter().map(|n| PathBuf::from(n.to_string())).collect();
            self.machine.set(paths.clone());
            // What is watched anew may be read anew, and is told anew.
            self.reads.retain(|(path, _)| paths.contains(path));
            self.told.retain(|path, _| paths.contains(path));
        }

        fn look(&mut self, mut during: Option<usize>) {
            loop {
                let (now, files) = (ms(self.now), self.files);
                self.machine.look(now, |path| files[number(path)].0);
                match self.machine.next(now) {
                    Next::Read(paths) => {
                        for path in paths {
                            let (version, written, content) = self.files[number(&path)];
                            assert!(self.now - written >= SETTLE, "read before it had settled");
                            if during.take_if(|file| *file == number(&path)).is_some() {
                                self.write(number(&path), content.wrapping_add(1));
                                self.machine.disturbed(&path, now);
                                continue;
                            }
                            assert!(self.reads.insert((path.clone(), version)), "read twice: {}", path.display());
                            self.machine.keep(&path, version, content);
                        }
                    }
                    Next::Tell => {
                        let all = self.machine.tell();
                        for (path, content) in &all {
                            let (_, written, is) = self.files[number(path)];
                            assert_eq!(*content, is, "told something that is not so");
                            assert!(self.now - written >= SETTLE, "told before it had settled");
                        }
                        assert_ne!(all, self.told, "told again");
                        self.told = all;
                        self.calls += 1;
                    }
                    Next::Wait(until) => {
                        assert!(until > now && until <= now + ms(SETTLE));
                        return;
                    }
                    Next::Rest => return,
                }
            }
        }
    }

    fn world() -> World {
        World {
            now: SETTLE,
            machine: Settle::new(ms(SETTLE)),
            files: [(0, 0, 0); 3],
            versions: 0,
            reads: BTreeSet::new(),
            told: BTreeMap::new(),
            calls: 0,
        }
    }

    proptest! {
        #[test]
        fn only_what_has_settled_is_read_and_told_and_all_of_it_is_in_the_end(
            steps in proptest::collection::vec(step(), 0..80)
        ) {
            let mut world = world();
            let mut set: Vec<usize> = vec![0, 1, 2];
            world.set(&set);
            for step in steps {
                match step {
                    Step::Write { file, content } => world.write(file, content),
                    Step::Look { during } => world.look(during),
                    Step::Pass(time) => world.now += time,
                    Step::Set(files) => {
                        world.set(&files);
                        set = files;
                    }
                }
            }
            for _ in 0..3 {
                world.look(None);
                world.now += SETTLE;
            }
            let told: BTreeMap<usize, u8> = world.told.iter().map(|(path, c)| (number(path), *c)).collect();
            let is: BTreeMap<usize, u8> = set.iter().map(|n| (*n, world.files[*n].2)).collect();
            prop_assert_eq!(told, is);
        }
    }

    #[test]
    fn the_whole_set_waits_for_the_last_file_to_settle() {
        let mut world = world();
        world.set(&[0, 1]);
        world.look(None);
        world.now += SETTLE - 1;
        world.write(1, 7);
        world.look(None);
        world.now += 1;
        world.look(None);
        assert_eq!((world.calls, world.reads.len()), (0, 1), "the first is read, and not told yet");
        world.now += SETTLE - 1;
        world.look(None);
        assert_eq!((world.calls, world.told.values().copied().collect::<Vec<_>>()), (1, vec![0, 7]));
    }

    #[test]
    fn a_file_that_is_dropped_and_set_again_is_told_again_and_one_that_stays_is_not() {
        let mut world = world();
        for (set, calls) in [(&[0, 1][..], 1), (&[0], 1), (&[0], 1), (&[0, 1], 2), (&[], 2), (&[0], 3)] {
            world.set(set);
            world.look(None);
            world.now += SETTLE;
            world.look(None);
            assert_eq!(world.calls, calls, "{set:?}");
        }
    }

    #[test]
    fn what_is_forgotten_is_read_again_and_told_only_if_it_differs() {
        let mut machine: Settle<u8, u8> = Settle::new(ms(SETTLE));
        let path = Path::new("a");
        machine.set([path.to_owned()]);
        machine.look(ms(0), |_| 1);
        machine.look(ms(SETTLE), |_| 1);
        machine.keep(path, 1, 5);
        assert_eq!(machine.next(ms(SETTLE)), Next::Tell);
        machine.tell();
        machine.forget(|content| *content == 4);
        assert_eq!(machine.next(ms(SETTLE)), Next::Rest);
        machine.forget(|content| *content == 5);
        assert_eq!(machine.next(ms(SETTLE)), Next::Read(vec![path.to_owned()]));
        machine.keep(path, 1, 5);
        assert_eq!(machine.next(ms(SETTLE)), Next::Rest);
    }
}
