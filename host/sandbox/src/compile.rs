//! Compilation in a process of its own, which has a limit on time and memory.
//!
//! How long a component takes to compile, and how much memory, cannot be foreseen from its bytes, and nothing can stop a
//! compiler from within. So this host runs a program, its own binary as a rule, that calls [`compile_component`]: it
//! reads a component, writes what it compiled, and ends. Whatever becomes of it, this process goes on.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use greenroom_model::{Digest, Fault, text};

use crate::engine;
use crate::image::{ImageError, ImageTask};
use crate::inspect::LoadError;

/// The subcommand by which a program is asked to compile.
pub const COMPILE_COMMAND: &str = "compile-component";

/// What a compiled component begins with; its digest follows.
const MAGIC: &[u8; 8] = b"GRNcomp1";
const HEADER_BYTES: usize = MAGIC.len() + 32;
/// The largest compiled component that is taken. An agent in Rust becomes four times as large as it was.
const COMPILED_MAX: u64 = 1 << 30;
/// The exit code by which the child says that the engine refused the component.
const REFUSED: u8 = 3;
/// The exit code by which it says that a version could not be prepared; the fault is what it writes then.
const UNPREPARED: u8 = 4;
/// What tells it that it is to run what it compiles, to make an image of it.
const RUNS: &str = "--runs";
/// What tells it that source lines are wanted.
const SOURCE_LINES: &str = "--source-lines";
/// How much is kept of what the child says on its standard error.
const SAID_MAX: u64 = 4 << 10;
/// The least priority that a process can ask for.
#[cfg(unix)]
const IDLE: i32 = 19;
/// Threads that compile at once. Each takes some 70 MiB of address space, used or not.
const THREADS_MAX: usize = 8;

/// A program that compiles components, and what it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    /// A program that calls [`compile_component`] when it is run with [`COMPILE_COMMAND`].
    pub program: PathBuf,
    /// How long it may take. An agent in Rust of 450 KB takes a second on two cores.
    pub wall: Duration,
    /// How many bytes of address space it may take. An agent in Rust of 450 KB takes 200 MiB; with half of it, it
    /// compiles slowly.
    pub memory_max: u64,
}

impl Compiler {
    /// A program with 60 s and 4 GiB: for components with some thirty times the code of an agent in Rust, as those are
    /// that carry an interpreter.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self { program, wall: Duration::from_secs(60), memory_max: 4 << 30 }
    }

    /// What a component becomes; whether what is compiled can tell source lines is as the sandbox's.
    pub(crate) fn compile(&self, component: &[u8], source_lines: bool) -> Result<Vec<u8>, LoadError> {
        match self.judge(self.ask(component, self.wall, source_lines.then_some(SOURCE_LINES))?)? {
            Told::Compiled(compiled) => Ok(compiled),
            Told::Unprepared(fault) => Err(self.wrong(format!("it prepared what was only to be compiled: {fault}"))),
        }
    }

    /// The image of a version, compiled.
    pub(crate) fn image(&self, image: &ImageTask<'_>) -> Result<Vec<u8>, ImageError> {
        let task = rmp_serde::to_vec(image).map_err(|e| LoadError::Compile(e.to_string()))?;
        let wall = self.wall.saturating_add(image.wall());
        match self.judge(self.ask(&task, wall, Some(RUNS))?) {
            Ok(Told::Compiled(compiled)) => Ok(compiled),
            Ok(Told::Unprepared(fault)) => Err(ImageError::Prepare(fault)),
            Err(LoadError::Compile(why)) => Err(ImageError::Unsupported(why)),
            Err(error) => Err(error.into()),
        }
    }

    fn wrong(&self, message: String) -> LoadError {
        LoadError::Compiler { program: self.program.clone(), message }
    }

    fn ask(&self, input: &[u8], wall: Duration, how: Option<&str>) -> Result<Ended, LoadError> {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        // A second more than the wall: it is there for a child whose parent cannot end it any more.
        let cpu_s = (wall.as_secs() + 1).saturating_mul(threads as u64);
        let mut command = Command::new(&self.program);
        command
            .arg(COMPILE_COMMAND)
            .args([self.memory_max, cpu_s, u64::from(std::process::id())].map(|number| number.to_string()))
            .args(how)
            .env_clear()
            .env("RAYON_NUM_THREADS", threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let broken = |error: io::Error| self.wrong(format!("it cannot be run: {error}"));
        let mut child = Running(command.spawn().map_err(broken)?);
        child.talk(input, wall).map_err(broken)
    }

    fn judge(&self, ended: Ended) -> Result<Told, LoadError> {
        let wrong = |message: String| self.wrong(message);
        let Ended { status, out, said } = ended;
        let too_slow = LoadError::CompileTime { seconds: self.wall.as_secs_f64() };
        let Some(status) = status else { return Err(too_slow) };
        let said = text::shown(said.trim());
        if status.success() {
            let (header, compiled) = out.split_at_checked(HEADER_BYTES).unwrap_or((&[], &[]));
            if header.split_at_checked(MAGIC.len()) != Some((MAGIC, Digest::of(compiled).bytes())) {
                return Err(wrong(format!("it wrote {} bytes that are no compiled component", out.len())));
            }
            return Ok(Told::Compiled(compiled.to_vec()));
        }
        if status.code() == Some(i32::from(UNPREPARED))
            && let Ok(fault) = rmp_serde::from_slice(&out)
        {
            return Ok(Told::Unprepared(fault));
        }
        // An allocation that fails ends the process, and leaves no more than this message.
        let memory = ["memory allocation of", "Cannot allocate memory", "out of memory"];
        if memory.iter().any(|sign| said.contains(sign)) {
            return Err(LoadError::CompileMemory { mebibytes: self.memory_max >> 20 });
        }
        if status.code() == Some(i32::from(REFUSED)) {
            return Err(LoadError::Compile(said));
        }
        if overran(status) {
            return Err(too_slow);
        }
        let after = if said.is_empty() { String::new() } else { format!(": {said}") };
        Err(wrong(format!("it ended with {status}{after}")))
    }
}

/// Whether the kernel ended it for the processor time that it took.
#[cfg(unix)]
fn overran(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal() == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(not(unix))]
fn overran(_status: ExitStatus) -> bool {
    false
}

/// What a child said.
enum Told {
    Compiled(Vec<u8>),
    /// What was to be compiled once it was prepared could not be prepared.
    Unprepared(Fault),
}

/// What a child left.
struct Ended {
    /// Nothing when its time was over.
    status: Option<ExitStatus>,
    out: Vec<u8>,
    said: String,
}

/// A child that does not outlive this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Hands it `input` and waits until it has ended, or ends it.
    fn talk(&mut self, input: &[u8], wall: Duration) -> io::Result<Ended> {
        let deadline = Instant::now() + wall;
        let pipes = (self.0.stdin.take(), self.0.stdout.take(), self.0.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(mut stderr)) = pipes else {
            return Err(io::Error::other("it has no pipes"));
        };
        thread::scope(|scope| {
            // A child that reads no further has its reasons, which its status tells.
            scope.spawn(move || stdin.write_all(input));
            let said = scope.spawn(move || {
                let mut said = Vec::new();
                let _ = stderr.by_ref().take(SAID_MAX).read_to_end(&mut said);
                let _ = io::copy(&mut stderr, &mut io::sink());
                String::from_utf8_lossy(&said).into_owned()
            });
            let (sender, receiver) = mpsc::channel();
            scope.spawn(move || {
                let mut out = Vec::new();
                let read = stdout.take(COMPILED_MAX).read_to_end(&mut out);
                // Nobody listens once the time is over.
                let _ = sender.send(read.map(|_| out));
            });
            let out = receiver.recv_timeout(wall);
            let status = self.until(deadline);
            // Killed, if it has not ended: its ends of the pipes close, and the threads with them.
            let _ = self.0.kill();
            let said = said.join().unwrap_or_default();
            Ok(match (out, status?) {
                (Ok(out), Some(status)) => Ended { status: Some(status), out: out?, said },
                _ => Ended { status: None, out: Vec::new(), said },
            })
        })
    }

    /// What it ended with; nothing when it runs on.
    fn until(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            match self.0.try_wait()? {
                None if Instant::now() < deadline => thread::sleep(Duration::from_micros(200)),
                ended => return Ok(ended),
            }
        }
    }
}

/// What the process that compiles may take.
#[derive(Debug, Clone, Copy)]
pub struct Confinement {
    /// Bytes of address space.
    pub memory_max: u64,
    /// Seconds of processor time.
    pub cpu_s: u64,
    /// The process that asked, and without which this one ends.
    pub parent: u32,
    /// Whether it runs what it compiles. Memories of guests take address space that nobody uses, so that only what may be
    /// written to is limited then; and it has time that others leave.
    pub runs: bool,
    /// Whether what it compiles can tell source lines.
    pub source_lines: bool,
}

/// Limits what this process may write to, for a command that reads what nobody has looked at. Does nothing where there is no
/// such limit.
///
/// # Errors
/// When the kernel refuses.
pub fn limit_memory(bytes: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        setrlimit(Resource::Data, Rlimit { current: Some(bytes), maximum: Some(bytes) })?;
    }
    let _ = bytes;
    Ok(())
}

/// The other side of [`Compiler`]: confines this process, compiles the component on the standard input, or makes the image
/// that is described there, and writes what became of it to the standard output. The process should do nothing else before
/// or after.
#[must_use]
pub fn compile_component(confinement: Confinement) -> ExitCode {
    let done = confinement.apply().and_then(|()| {
        let mut input = Vec::new();
        io::stdin().lock().read_to_end(&mut input)?;
        Ok(input)
    });
    let input = match done {
        Ok(input) => input,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let made = if confinement.runs {
        make_image(&input)
    } else {
        let engine = engine::for_compiling(confinement.source_lines);
        let compiled = engine.and_then(|engine| engine.precompile_component(&input));
        compiled.map_err(|error| ImageError::Unsupported(format!("{error:#}")))
    };
    let mut out = io::stdout().lock();
    let (parts, code): (Vec<Vec<u8>>, ExitCode) = match made {
        Ok(compiled) => {
            let header = [MAGIC.as_slice(), Digest::of(&compiled).bytes()].concat();
            (vec![header, compiled], ExitCode::SUCCESS)
        }
        Err(ImageError::Prepare(fault)) => {
            (vec![rmp_serde::to_vec_named(&fault).unwrap_or_default()], ExitCode::from(UNPREPARED))
        }
        Err(ImageError::Unsupported(why)) => {
            eprintln!("{why}");
            (Vec::new(), ExitCode::from(REFUSED))
        }
        Err(ImageError::Compile(error)) => {
            eprintln!("{error}");
            (Vec::new(), ExitCode::from(REFUSED))
        }
    };
    let written = parts.iter().try_for_each(|part| out.write_all(part)).and_then(|()| out.flush());
    if written.is_ok() { code } else { ExitCode::FAILURE }
}

fn make_image(input: &[u8]) -> Result<Vec<u8>, ImageError> {
    let wrong = |why: String| ImageError::Unsupported(why);
    let task: ImageTask<'_> = rmp_serde::from_slice(input).map_err(|e| wrong(format!("no task: {e}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.map_err(|e| wrong(format!("no thread: {e}")))?.block_on(task.make())
}

impl Confinement {
    #[cfg(unix)]
    fn apply(self) -> io::Result<()> {
        use rustix::process::{Resource, Rlimit, setrlimit};
        #[cfg(target_os = "linux")]
        {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            // It may have ended before it was asked for.
            let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
            if parent != Some(self.parent) {
                return Err(io::Error::other("the process that asked is gone"));
            }
        }
        let limit = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
        if self.runs {
            rustix::process::nice(IDLE)?;
        }
        limit(if self.runs { Resource::Data } else { Resource::As }, self.memory_max)?;
        limit(Resource::Cpu, self.cpu_s)?;
        // It writes to pipes alone, but for what the engine copies memories from when it runs what it compiled, and leaves
        // nothing behind when it crashes.
        limit(Resource::Fsize, if self.runs { self.memory_max } else { 0 })?;
        limit(Resource::Core, 0)?;
        Ok(())
    }

    /// Time is all that can be limited here.
    #[cfg(not(unix))]
    fn apply(self) -> io::Result<()> {
        Ok(())
    }
}
