mod folders;

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::sleep;
use std::time::SystemTime;

use tempfile::TempDir;

use super::*;

type All = BTreeMap<PathBuf, Found>;

/// What a test waits for at most, and how long it waits for what must not come.
const HANG: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_millis(500);
const SETTLE: Duration = Duration::from_millis(200);
const NEVER: Duration = Duration::from_secs(3_600);

/// Only events tell of changes, and only looking now and then does.
const BY_EVENTS: Config = Config { settle: SETTLE, poll: NEVER, events: true };
const BY_POLLS: Config = Config { settle: SETTLE, poll: Duration::from_millis(20), events: false };

struct Watched {
    folder: TempDir,
    watch: Watch,
    calls: Receiver<All>,
}

impl Watched {
    fn start(config: Config) -> Self {
        let (to, calls) = channel();
        let watch = Watch::start_with(config, move |all| to.send(all.clone()).unwrap()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), watch, calls }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn set(&self, names: &[&str]) {
        self.watch.set(names.iter().map(|name| self.path(name)));
    }

    /// As names and contents.
    fn shown(&self, all: &All) -> Vec<(String, String)> {
        let name = |path: &Path| path.strip_prefix(self.folder.path()).unwrap().display().to_string();
        all.iter().map(|(path, found)| (name(path), shown(found))).collect()
    }

    /// The next call says this of these files.
    #[track_caller]
    fn told(&self, expected: &[(&str, &str)]) {
        let all = self.calls.recv_timeout(HANG).expect("a call");
        let expected: Vec<_> = expected.iter().map(|(n, c)| ((*n).to_owned(), (*c).to_owned())).collect();
        assert_eq!(self.shown(&all), expected);
    }

    #[track_caller]
    fn quiet(&self) {
        match self.calls.recv_timeout(QUIET) {
            Err(RecvTimeoutError::Timeout) => {}
            other => panic!("{:?}", other.map(|all| self.shown(&all))),
        }
    }

    /// Does something within the time in which files settle. On a machine that was too busy for that, what was told
    /// meanwhile is forgotten and it is done again after `before`.
    fn within_settling(&self, before: impl Fn(), what: impl Fn()) {
        for _ in 0..50 {
            let began = Instant::now();
            what();
            if began.elapsed() < SETTLE / 2 {
                return;
            }
            before();
            while self.calls.recv_timeout(QUIET).is_ok() {}
        }
        panic!("the machine is too busy");
    }
}

fn shown(found: &Found) -> String {
    match found {
        Found::Bytes { bytes, digest } => {
            assert_eq!(*digest, greenroom_model::Digest::of(bytes));
            String::from_utf8(bytes.to_vec()).unwrap()
        }
        Found::Absent => "(absent)".to_owned(),
        Found::Folder => "(folder)".to_owned(),
        Found::Unreadable(why) => format!("({why})"),
    }
}

/// Runs a scenario with events alone, and without any.
fn both(scenario: impl Fn(Watched)) {
    scenario(Watched::start(BY_EVENTS));
    scenario(Watched::start(BY_POLLS));
}

#[test]
fn all_watched_files_come_in_the_first_call_whatever_is_there() {
    both(|w| {
        w.write("a", "one");
        fs::create_dir(w.path("folder")).unwrap();
        symlink("/dev/zero", w.path("zero")).unwrap();
        symlink("loop", w.path("loop")).unwrap();
        w.set(&["a", "folder", "none", "zero", "loop", "a/b"]);
        w.told(&[
            ("a", "one"),
            ("a/b", "(absent)"),
            ("folder", "(folder)"),
            ("loop", "(Too many levels of symbolic links (os error 40))"),
            ("none", "(absent)"),
            ("zero", "(it is no file)"),
        ]);
        w.quiet();
    });
}

#[test]
fn a_touched_file_and_the_same_bytes_call_nobody() {
    both(|w| {
        w.write("a", "one");
        w.set(&["a"]);
        w.told(&[("a", "one")]);
        File::options().write(true).open(w.path("a")).unwrap().set_modified(SystemTime::now()).unwrap();
        w.quiet();
        w.write("a", "one");
        w.quiet();
        w.write("b", "one");
        w.rename("b", "a");
        w.quiet();
        w.write("a", "two");
        w.told(&[("a", "two")]);
    });
}

#[test]
fn a_file_that_is_written_in_place_or_renamed_over_is_told_with_all_others() {
    both(|w| {
        w.write("a", "one");
        w.write("b", "stays");
        w.set(&["a", "b"]);
        w.told(&[("a", "one"), ("b", "stays")]);
        w.write("a", "two");
        w.told(&[("a", "two"), ("b", "stays")]);
        w.write(".a.new", "three");
        w.rename(".a.new", "a");
        w.told(&[("a", "three"), ("b", "stays")]);
        w.rename("a", "a~");
        w.write("a", "four");
        w.told(&[("a", "four"), ("b", "stays")]);
        w.quiet();
    });
}

#[test]
fn what_is_written_twice_is_told_once_and_files_that_change_together_are_told_together() {
    both(|w| {
        let before = || {
            w.write("a", "one");
            w.write("b", "one");
        };
        before();
        w.set(&["a", "b"]);
        w.told(&[("a", "one"), ("b", "one")]);
        w.within_settling(before, || {
            w.write("a", "two");
            w.write("b", "two");
            w.write("a", "three");
        });
        w.told(&[("a", "three"), ("b", "two")]);
        w.quiet();
    });
}

#[test]
fn a_file_that_is_truncated_first_or_written_in_pieces_is_told_whole() {
    both(|w| {
        let before = || w.write("a", "one");
        before();
        w.set(&["a"]);
        w.told(&[("a", "one")]);
        w.within_settling(before, || {
            let mut file = File::create(w.path("a")).unwrap();
            sleep(Duration::from_millis(5));
            file.write_all(b"two").unwrap();
        });
        w.told(&[("a", "two")]);
        // Longer in all than it takes to settle, each piece sooner.
        let mut file = File::create(w.path("a")).unwrap();
        for piece in 0..20 {
            w.within_settling(|| {}, || sleep(Duration::from_millis(25)));
            file.write_all(format!("{piece} ").as_bytes()).unwrap();
        }
        drop(file);
        w.told(&[("a", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ")]);
        w.quiet();
    });
}

#[test]
fn a_file_that_is_deleted_is_absent_unless_it_is_back_before_it_has_settled() {
    both(|w| {
        let before = || w.write("a", "one");
        before();
        w.set(&["a"]);
        w.told(&[("a", "one")]);
        fs::remove_file(w.path("a")).unwrap();
        w.told(&[("a", "(absent)")]);
        w.write("a", "one");
        w.told(&[("a", "one")]);
        let again = |content: &'static str| {
            fs::remove_file(w.path("a")).unwrap();
            w.write("a", content);
        };
        w.within_settling(before, || again("one"));
        w.quiet();
        w.within_settling(before, || again("two"));
        w.told(&[("a", "two")]);
    });
}

#[test]
fn what_no_event_tells_is_found_by_a_look_now_and_then() {
    let w = Watched::start(Config { poll: Duration::from_millis(50), ..BY_EVENTS });
    for (folder, content) in [("now", "one"), ("next", "two")] {
        fs::create_dir_all(w.path(folder).join("deep")).unwrap();
        w.write(&format!("{folder}/deep/a"), content);
    }
    w.set(&["now/deep/a"]);
    w.told(&[("now/deep/a", "one")]);
    // The folder of the file is the same all the while: only one above it has moved.
    w.rename("now", "before");
    w.rename("next", "now");
    w.told(&[("now/deep/a", "two")]);
    w.write("now/deep/a", "three");
    w.told(&[("now/deep/a", "three")]);
}

#[test]
fn times_that_go_back_or_lie_ahead_change_nothing() {
    both(|w| {
        w.write("a", "one");
        w.set(&["a"]);
        w.told(&[("a", "one")]);
        for (content, time) in [("two", 1_u64), ("six", 1 << 33), ("ten", 1)] {
            w.write("new", content);
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
            File::options().write(true).open(w.path("new")).unwrap().set_modified(time).unwrap();
            w.rename("new", "a");
            w.told(&[("a", content)]);
        }
        // The same length and the same time as before.
        w.within_settling(
            || {},
            || {
                fs::write(w.path("a"), "ape").unwrap();
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
                File::options().write(true).open(w.path("a")).unwrap().set_modified(time).unwrap();
            },
        );
        w.told(&[("a", "ape")]);
    });
}

#[test]
fn a_file_that_may_not_be_read_is_told_so_until_it_may() {
    const AGAIN: &str = "GREENROOM_TEST_AS_NOBODY";
    let probe = tempfile::NamedTempFile::new().unwrap();
    fs::set_permissions(probe.path(), Permissions::from_mode(0o000)).unwrap();
    if File::open(probe.path()).is_ok() {
        // Root may read everything: somebody else tries.
        assert!(std::env::var_os(AGAIN).is_none(), "nobody may read everything");
        let name = std::thread::current().name().unwrap().to_owned();
        let mut again = Command::new("/proc/self/exe");
        let ended = again.args(["--exact", &name, "--nocapture"]).env(AGAIN, "1").uid(65_534).gid(65_534).output();
        let ended = ended.unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    both(|w| {
        let mode = |name: &str, mode| fs::set_permissions(w.path(name), Permissions::from_mode(mode)).unwrap();
        let denied = "(Permission denied (os error 13))";
        fs::create_dir(w.path("in")).unwrap();
        w.write("in/a", "one");
        w.set(&["in/a"]);
        w.told(&[("in/a", "one")]);
        for (what, open) in [("in/a", 0o600), ("in", 0o700)] {
            mode(what, 0o000);
            w.told(&[("in/a", denied)]);
            w.quiet();
            mode(what, open);
            w.told(&[("in/a", "one")]);
        }
    });
}

#[test]
fn files_may_be_set_from_within_a_call() {
    both(|w| {
        let (to, calls) = channel();
        let watch: Arc<Mutex<Option<Watch>>> = Arc::default();
        let (of, more) = (Arc::clone(&watch), w.path("named"));
        let started = Watch::start_with(BY_EVENTS, move |all: &All| {
            let files: Vec<PathBuf> = all.keys().cloned().chain([more.clone()]).collect();
            of.lock().unwrap().as_ref().unwrap().set(files);
            to.send(all.clone()).unwrap();
        });
        let mut place = watch.lock().unwrap();
        let started = place.insert(started.unwrap());
        w.write("a", "names another");
        w.write("named", "one");
        started.set([w.path("a")]);
        drop(place);
        let next = || w.shown(&calls.recv_timeout(HANG).unwrap());
        assert_eq!(next().len(), 1);
        assert_eq!(next().len(), 2, "what is new is told, with what there was");
        assert!(calls.recv_timeout(QUIET).is_err(), "the same files are no news");
        w.write("named", "two");
        assert_eq!(next()[1].1, "two");
        watch.lock().unwrap().take();
    });
}

#[test]
fn files_that_are_no_longer_watched_are_not_told() {
    both(|w| {
        w.write("a", "one");
        w.write("b", "one");
        w.set(&["a", "b"]);
        w.told(&[("a", "one"), ("b", "one")]);
        w.set(&["a"]);
        w.quiet();
        w.write("b", "two");
        w.quiet();
        w.write("a", "two");
        w.told(&[("a", "two")]);
        w.set(&[]);
        w.quiet();
        w.set(&["a"]);
        w.told(&[("a", "two")]);
    });
}

#[test]
fn dropping_it_ends_its_thread_also_from_within_a_call() {
    let w = Watched::start(BY_EVENTS);
    w.write("a", "one");
    let (to, ended) = channel::<()>();
    let watch = Watch::start(SETTLE, move |_| drop(to.clone())).unwrap();
    watch.set([w.path("a")]);
    drop(watch);
    assert_eq!(ended.recv_timeout(HANG), Err(RecvTimeoutError::Disconnected));

    let (to, ended) = channel::<()>();
    let place: Arc<Mutex<Option<Watch>>> = Arc::default();
    let own = Arc::clone(&place);
    let watch = Watch::start(SETTLE, move |_| {
        let _ = &to;
        drop(own.lock().unwrap().take());
    });
    let mut filled = place.lock().unwrap();
    filled.insert(watch.unwrap()).set([w.path("a")]);
    drop(filled);
    assert_eq!(ended.recv_timeout(HANG), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_call_that_breaks_does_not_end_the_watching() {
    let w = Watched::start(BY_EVENTS);
    let (to, calls) = channel();
    let mut broken = false;
    let watch = Watch::start(SETTLE, move |all: &All| {
        to.send(all.clone()).unwrap();
        if !std::mem::replace(&mut broken, true) {
            panic!("on purpose");
        }
    });
    let watch = watch.unwrap();
    watch.set([w.path("a")]);
    assert!(calls.recv_timeout(HANG).is_ok());
    w.write("a", "one");
    assert_eq!(w.shown(&calls.recv_timeout(HANG).unwrap())[0].1, "one");
}

#[test]
fn a_storm_of_events_of_other_files_hides_no_change() {
    let w = Watched::start(BY_EVENTS);
    w.write("a", "one");
    w.set(&["a"]);
    w.told(&[("a", "one")]);
    // More than the kernel keeps for who is slow.
    for n in 0..20_000 {
        w.write(if n % 2 == 0 { "other" } else { "another" }, "");
    }
    w.write("a", "two");
    w.told(&[("a", "two")]);
    w.quiet();
}
