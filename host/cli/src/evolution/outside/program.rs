//! A program that is asked line by line, and trusted with nothing: it may die, hang, flood, or not listen.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// A point of a thousand dimensions is shorter by far.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// How long a program may take to end once its input has ended.
const END: Duration = Duration::from_secs(2);

/// A program that runs. Dropped, it is ended: by the end of its input, or else by force.
pub(super) struct Program {
    child: Child,
    /// Whether the system was told that it is no more: its number may be another's by now.
    over: bool,
    limit: Duration,
    /// None once its input has ended.
    telling: Option<Sender<String>>,
    said: Receiver<Said>,
}

/// What came of reading a line.
enum Said {
    Line(String),
    TooLong,
    NoText,
    Ended,
}

impl Program {
    /// Starts one. Its standard error is ours.
    pub(super) fn start(command: &[String], limit: Duration) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("has no name")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        // What it starts itself ends with it. Ctrl-C is for us: it sees the end of its input.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let cannot = |what: &str, error: &dyn std::fmt::Display| format!("cannot be {what}: {error}");
        let mut child = command.spawn().map_err(|error| cannot("started", &error))?;
        let (telling, lines) = channel();
        // One line waits to be read: who says more, waits.
        let (saying, said) = sync_channel(1);
        let pipes = child.stdin.take().zip(child.stdout.take());
        let program = Self { child, over: false, limit, telling: Some(telling), said };
        let (input, output) = pipes.ok_or("has no pipes")?;
        // Either may block for as long as the program likes.
        let thread = || Builder::new().name("greenroom-sampler".to_owned());
        let listening = thread().spawn(move || write(input, &lines));
        listening.and_then(|_| thread().spawn(move || read(output, &saying))).map_err(|e| cannot("listened to", &e))?;
        Ok(program)
    }

    /// Says a line, without waiting until it was read.
    pub(super) fn tell(&mut self, line: String) {
        // One that does not listen any more does not answer either, and that is told.
        self.telling.as_ref().map(|telling| telling.send(line));
    }

    /// Says a line, and waits for the line that it answers.
    ///
    /// # Errors
    /// What it did instead, as the end of a sentence.
    pub(super) fn ask(&mut self, line: String) -> Result<String, String> {
        match self.said.try_recv() {
            Ok(Said::Ended) | Err(TryRecvError::Disconnected) => return Err(self.ended()),
            Ok(_) => return Err("said something before it was asked: each question has one line for an answer".into()),
            Err(TryRecvError::Empty) => {}
        }
        self.tell(line);
        match self.said.recv_timeout(self.limit) {
            Ok(Said::Line(line)) => Ok(line),
            Ok(Said::TooLong) => Err(format!("answered a line of more than {LINE_BYTES_MAX} bytes")),
            Ok(Said::NoText) => Err("answered what is no UTF-8".to_owned()),
            Ok(Said::Ended) | Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = self.limit.as_secs();
                Err(format!("did not answer within {seconds} s (`--sampler-seconds` gives it longer)"))
            }
        }
    }

    /// Why there is nothing more to read.
    fn ended(&mut self) -> String {
        match self.end() {
            Ok(status) => {
                format!("ended without an answer ({status}): what it said on its standard error may tell why")
            }
            Err(error) => format!("is gone: {error}"),
        }
    }

    /// Ends it, and what it started, by force. One that has ended has ended as it did.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if !self.over {
            #[cfg(unix)]
            {
                let group = rustix::process::Pid::from_child(&self.child);
                // When there is nobody left to end, that is what was wanted.
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = self.child.kill();
            self.over = true;
        }
        self.child.wait()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.telling = None;
        if !self.over {
            // Until its output ends, or it takes too long, talking or not.
            let until = Instant::now() + END;
            while let Ok(Said::Line(_)) = self.said.recv_timeout(until.saturating_duration_since(Instant::now())) {}
        }
        if let Err(error) = self.end() {
            tracing::warn!(%error, "the program of --sampler-command may be running still");
        }
    }
}

/// Hands lines on until there are no more, or nobody reads them.
fn write(mut input: ChildStdin, lines: &Receiver<String>) {
    for mut line in lines {
        line.push('\n');
        if input.write_all(line.as_bytes()).and_then(|()| input.flush()).is_err() {
            return;
        }
    }
}

/// Reads lines until there are no more, or one that is none.
fn read(output: ChildStdout, saying: &SyncSender<Said>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = output.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
        let said = match read {
            Ok(0) | Err(_) => Said::Ended,
            Ok(_) if line.len() as u64 > LINE_BYTES_MAX => Said::TooLong,
            Ok(_) => String::from_utf8(line).map_or(Said::NoText, Said::Line),
        };
        let more = matches!(said, Said::Line(_));
        // Nobody asks any more when nobody listens.
        if saying.send(said).is_err() || !more {
            return;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn start(script: &str, limit: Duration) -> Program {
        Program::start(&["sh".to_owned(), "-c".to_owned(), script.to_owned()], limit).unwrap()
    }

    /// Larger than a pipe, so that who does not listen makes nobody wait.
    fn long() -> String {
        "x".repeat(100_000)
    }

    #[test]
    fn each_question_has_a_line_for_an_answer() {
        let mut program = start("read -r first; while read -r line; do echo \"$first $line\"; done", LIMIT);
        program.tell("study".to_owned());
        for question in ["one".to_owned(), long(), "three".to_owned()] {
            assert_eq!(program.ask(question.clone()).unwrap(), format!("study {question}\n"));
        }
    }

    #[test]
    fn what_it_does_instead_of_answering_is_told() {
        let short = Duration::from_millis(300);
        for (script, limit, expected) in [
            ("exit 3", LIMIT, "ended without an answer (exit status: 3)"),
            ("read -r line; kill -s KILL $$", LIMIT, "signal: 9"),
            ("sleep 1000", short, "did not answer within 0 s"),
            ("exec 0<&-; sleep 1000", short, "did not answer within 0 s"),
            ("read -r line; cat /dev/zero", LIMIT, "a line of more than 1048576 bytes"),
            ("read -r line; printf '\\377\\n'", LIMIT, "no UTF-8"),
        ] {
            let mut program = start(script, limit);
            let why = program.ask(long()).unwrap_err();
            assert!(why.contains(expected), "{script}: {why}");
            let began = Instant::now();
            drop(program);
            assert!(began.elapsed() < 2 * END, "{script}");
        }
    }

    #[test]
    fn who_says_more_than_was_asked_is_not_listened_to() {
        let mut program = start("while echo again; do :; done", LIMIT);
        let why = (0..10_000).find_map(|_| program.ask("more".to_owned()).err()).unwrap();
        assert!(why.contains("said something before it was asked"), "{why}");
        let began = Instant::now();
        drop(program);
        assert!(began.elapsed() < 2 * END, "nobody listens for as long as it talks");
    }

    #[test]
    fn dropped_it_sees_the_end_of_its_input() {
        let folder = tempfile::tempdir().unwrap();
        let ended = folder.path().join("ended");
        drop(start(&format!("while read -r line; do :; done; echo yes >'{}'", ended.display()), LIMIT));
        assert_eq!(std::fs::read_to_string(ended).unwrap(), "yes\n");
    }

    #[test]
    fn dropped_it_ends_with_all_that_it_started() {
        let mut program = start("read -r line; sleep 1000 & echo $!; while :; do sleep 1; done", LIMIT);
        let child: u32 = program.ask("who".to_owned()).unwrap().trim().parse().unwrap();
        let runs = |child: u32| Command::new("kill").args(["-s", "0", &child.to_string()]).output().unwrap().status;
        assert!(runs(child).success());
        drop(program);
        // It ends a moment after it was killed, and whoever takes over orphans may take a while to notice.
        let line = || std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        let by = Instant::now() + END;
        while runs(child).success() && !line().is_empty() {
            assert!(Instant::now() < by, "what it started runs still");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
