//! Who may do what: tokens, of which the data folder keeps the hashes alone.
//!
//! Deploying is running code, so a token says how far its holder may go. The file is small and read as a whole; a line
//! that cannot be read makes none of them valid, since it may be the one that was to take a token away.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use greenroom_model::Digest;
use greenroom_model::text::shortened;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

/// The file's name in the data folder.
pub const TOKENS_FILE: &str = "tokens";

/// Where commands on the same machine find the operator's token, in the data folder.
pub const OPERATOR_FILE: &str = "operator.token";

/// Tokens that there may be.
const TOKENS_MAX: usize = 256;

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 64;

/// What tells a token from other secrets, for whoever finds one.
const PREFIX: &str = "greenroom_";

/// Names that stand for the host itself in records.
const TAKEN: [&str; 4] = ["files", "host", "learners", "supervision"];

/// How far the holder of a token may go; each level may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// See plans, components and figures.
    Read,
    /// Change what runs.
    Deploy,
    /// Change who may do so.
    Administer,
}

impl Level {
    /// All of them, the lowest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Deploy, Self::Administer];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Deploy => "deploy",
            Self::Administer => "administer",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = Self::ALL.into_iter().find(|level| level.name() == text);
        level.ok_or_else(|| "expected `read`, `deploy` or `administer`".to_owned())
    }
}

/// A token, as far as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose it is: the author of what it proposes.
    pub name: String,
    /// How far it goes.
    pub level: Level,
    hash: Digest,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("name", &self.name).field("level", &self.level).finish_non_exhaustive()
    }
}

/// All tokens of a data folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

/// Why tokens cannot be used or changed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum TokensError {
    #[error("{path} cannot be read or written: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{path} may be read or written by others (mode {mode:03o}), so whoever has a token there is not known: chmod 600 {path}"
    )]
    Open { path: PathBuf, mode: u32 },
    #[error(
        "{path} belongs to another user ({owner}, this process is {ours}), so whoever has a token there is not known: chown {ours} \
         {path}"
    )]
    Foreign { path: PathBuf, owner: u32, ours: u32 },
    #[error("{path} is wrong, so no token in it is valid:\n{}", mistakes.join("\n"))]
    Lines { path: PathBuf, mistakes: Vec<String> },
    #[error("{0}")]
    Name(String),
    #[error("there is a token of the name `{0}` already: remove it, or take another name")]
    Known(String),
    #[error("there is no token of the name `{name}`; there {}", listed(names))]
    Unknown { name: String, names: Vec<String> },
    #[error("there are {TOKENS_MAX} tokens, which are as many as there may be: remove some")]
    Full,
    #[error("the machine has no random numbers: {0}")]
    Random(getrandom::Error),
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "are none".to_owned() } else { format!("are {}", names.join(", ")) }
}

impl Tokens {
    /// Reads them; there are none when the file is not there.
    ///
    /// # Errors
    /// When others may read the file, or any of its lines is wrong: all of them are told.
    pub fn read(data_dir: &Path) -> Result<Self, TokensError> {
        let path = data_dir.join(TOKENS_FILE);
        let failed = |source| TokensError::Io { path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
        };
        only_ours(&path, &file.metadata().map_err(failed)?)?;
        let text = io::read_to_string(file).map_err(failed)?;
        Self::parse(&text).map_err(|mistakes| TokensError::Lines { path, mistakes })
    }

    fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (mut tokens, mut mistakes) = (Vec::<Token>::new(), Vec::new());
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = at + 1;
            match parsed(line) {
                Ok(token) if tokens.iter().any(|known| known.name == token.name) => {
                    mistakes.push(format!("line {at}: the name `{}` is there twice", token.name));
                }
                Ok(token) => tokens.push(token),
                Err(wrong) => mistakes.extend(wrong.into_iter().map(|wrong| format!("line {at}: {wrong}"))),
            }
        }
        if tokens.len() > TOKENS_MAX {
            mistakes.push(format!("there are {} tokens, expected at most {TOKENS_MAX}", tokens.len()));
        }
        if mistakes.is_empty() { Ok(Self(tokens)) } else { Err(mistakes) }
    }

    /// Each, in the order of the file.
    pub fn each(&self) -> impl Iterator<Item = &Token> {
        self.0.iter()
    }

    /// Whose token this is. All are compared, and each in a time that says nothing of how much of it was right.
    pub(crate) fn holder(&self, presented: &str) -> Option<&Token> {
        let hash = Digest::of(presented.as_bytes());
        let mut found = None;
        for token in &self.0 {
            if bool::from(token.hash.bytes().ct_eq(hash.bytes())) {
                found = Some(token);
            }
        }
        found
    }

    /// Makes a token, keeps its hash, and gives it: nobody can have it again.
    ///
    /// # Errors
    /// See [`TokensError`].
    pub fn add(data_dir: &Path, name: &str, level: Level) -> Result<String, TokensError> {
        well_named(name).map_err(TokensError::Name)?;
        let _held = held(data_dir);
        let mut tokens = Self::read(data_dir)?;
        if tokens.0.iter().any(|token| token.name == name) {
            return Err(TokensError::Known(name.to_owned()));
        }
        if tokens.0.len() >= TOKENS_MAX {
            return Err(TokensError::Full);
        }
        let secret = secret()?;
        tokens.0.push(Token { name: name.to_owned(), level, hash: Digest::of(secret.as_bytes()) });
        tokens.write(data_dir)?;
        Ok(secret)
    }

    /// Takes a token away. A server that runs heeds it from the next call on.
    ///
    /// # Errors
    /// See [`TokensError`].
    pub fn remove(data_dir: &Path, name: &str) -> Result<(), TokensError> {
        let _held = held(data_dir);
        let mut tokens = Self::read(data_dir)?;
        let before = tokens.0.len();
        tokens.0.retain(|token| token.name != name);
        if tokens.0.len() == before {
            let names = tokens.0.into_iter().map(|token| token.name).collect();
            return Err(TokensError::Unknown { name: name.to_owned(), names });
        }
        tokens.write(data_dir)
    }

    /// At a first start: a token for commands on the same machine. Whether it was one.
    ///
    /// # Errors
    /// See [`TokensError`].
    pub fn begin(data_dir: &Path) -> Result<bool, TokensError> {
        if fs::exists(data_dir.join(TOKENS_FILE)).unwrap_or(true) {
            return Ok(false);
        }
        let secret = secret()?;
        let hash = Digest::of(secret.as_bytes());
        // The token first: a kill in between makes the next start a first one, too.
        private(&data_dir.join(OPERATOR_FILE), &format!("{secret}\n"))?;
        Self(vec![Token { name: "operator".to_owned(), level: Level::Administer, hash }]).write(data_dir)?;
        Ok(true)
    }

    fn write(&self, data_dir: &Path) -> Result<(), TokensError> {
        let lines = self.0.iter().map(|token| format!("{} {} {}\n", token.name, token.level, token.hash.hex()));
        private(&data_dir.join(TOKENS_FILE), &lines.collect::<String>())
    }
}

fn parsed(line: &str) -> Result<Token, Vec<String>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, level, hash] = words.as_slice() else {
        return Err(vec![format!("expected a name, a level and a hash, found {} words", words.len())]);
    };
    let named = well_named(name);
    let level = level.parse::<Level>().map_err(|e| format!("the level is `{}`, {e}", shortened(level, 40)));
    // What stands there instead may be a token.
    let hash = format!("sha256:{hash}").parse();
    let hash = hash.map_err(|_| "the third word is no hash, expected 64 hexadecimal digits".to_owned());
    match (named, level, hash) {
        (Ok(()), Ok(level), Ok(hash)) => Ok(Token { name: (*name).to_owned(), level, hash }),
        (named, level, hash) => Err([named.err(), level.err(), hash.err()].into_iter().flatten().collect()),
    }
}

fn well_named(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if TAKEN.contains(&name) {
        return Err(format!("the name `{name}` stands for the host itself: take another one"));
    }
    if (1..=NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    let name = shortened(name, 40);
    Err(format!("the name is `{name}`, expected 1 to {NAME_BYTES_MAX} letters, digits, dots, dashes and underscores"))
}

/// 256 random bits, written.
fn secret() -> Result<String, TokensError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(TokensError::Random)?;
    Ok(format!("{PREFIX}{}", Digest::from(bytes).hex()))
}

/// Writes a file that is whole or not there, and that nobody else may read.
pub(super) fn private(path: &Path, text: &str) -> Result<(), TokensError> {
    let failed = |source| TokensError::Io { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_data().map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Two commands at once wait for each other, where the system has that.
fn held(data_dir: &Path) -> Option<File> {
    let folder = File::open(data_dir).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

#[cfg(unix)]
fn only_ours(path: &Path, metadata: &fs::Metadata) -> Result<(), TokensError> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    owned(path, metadata.uid(), rustix::process::geteuid().as_raw())?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(TokensError::Open { path: path.to_owned(), mode }) }
}

/// Whoever owns a file may write to it, whatever its mode. The superuser may write to any.
#[cfg(unix)]
fn owned(path: &Path, owner: u32, ours: u32) -> Result<(), TokensError> {
    if owner == ours || owner == 0 { Ok(()) } else { Err(TokensError::Foreign { path: path.to_owned(), owner, ours }) }
}

#[cfg(not(unix))]
fn only_ours(_path: &Path, _metadata: &fs::Metadata) -> Result<(), TokensError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_contain_each_other() {
        assert!(Level::Read < Level::Deploy && Level::Deploy < Level::Administer);
    }

    #[test]
    fn a_token_is_its_holders_and_of_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let [ann, bob] = [("ann", Level::Read), ("bob", Level::Deploy)]
            .map(|(name, level)| Tokens::add(folder.path(), name, level).unwrap());
        let tokens = Tokens::read(folder.path()).unwrap();
        assert_eq!(tokens.holder(&ann).map(|token| (&*token.name, token.level)), Some(("ann", Level::Read)));
        assert_eq!(tokens.holder(&bob).map(|token| (&*token.name, token.level)), Some(("bob", Level::Deploy)));
        assert_eq!(tokens.holder(&ann[..ann.len() - 1]), None);
        assert_eq!(tokens.holder(""), None);
        assert_ne!(ann, bob);
        let text = fs::read_to_string(folder.path().join(TOKENS_FILE)).unwrap();
        assert!(!text.contains(&ann) && !format!("{tokens:?}").contains(&tokens.0[0].hash.hex()));
        Tokens::remove(folder.path(), "ann").unwrap();
        assert_eq!(Tokens::read(folder.path()).unwrap().holder(&ann), None);
        let unknown = Tokens::remove(folder.path(), "ann").unwrap_err().to_string();
        assert_eq!(unknown, "there is no token of the name `ann`; there are bob");
        assert!(matches!(Tokens::add(folder.path(), "bob", Level::Read), Err(TokensError::Known(_))));
        assert!(matches!(Tokens::add(folder.path(), "host", Level::Read), Err(TokensError::Name(_))));
    }

    #[test]
    fn all_wrong_lines_are_told_at_once_and_no_hash_is() {
        let hash = "ab".repeat(32);
        let text = format!(
            "# of the shop\n\nann read {hash}\nann deploy {hash}\nbob raed {hash}\nc/d owner greenroom_12\neve\n"
        );
        let mistakes = Tokens::parse(&text).unwrap_err();
        let expected = [
            "line 4: the name `ann` is there twice",
            "line 5: the level is `raed`, expected `read`, `deploy` or `administer`",
            "line 6: the name is `c/d`, expected 1 to 64 letters, digits, dots, dashes and underscores",
            "line 6: the level is `owner`, expected `read`, `deploy` or `administer`",
            "line 6: the third word is no hash, expected 64 hexadecimal digits",
            "line 7: expected a name, a level and a hash, found 1 words",
        ];
        assert_eq!(mistakes, expected);
        assert_eq!(Tokens::parse(&format!("ann read {hash}\n")).unwrap().0.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_another_user_is_not_used() {
        let path = Path::new("data/tokens");
        assert!(owned(path, 1_000, 1_000).is_ok() && owned(path, 0, 1_000).is_ok());
        let told = owned(path, 1_000, 0).unwrap_err().to_string();
        assert!(told.starts_with("data/tokens belongs to another user (1000, this process is 0)"), "{told}");
        assert!(told.ends_with("chown 0 data/tokens"), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        assert!(Tokens::begin(folder.path()).unwrap());
        assert!(!Tokens::begin(folder.path()).unwrap(), "only once");
        for name in [TOKENS_FILE, OPERATOR_FILE] {
            assert_eq!(fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
        let operator = fs::read_to_string(folder.path().join(OPERATOR_FILE)).unwrap();
        let tokens = Tokens::read(folder.path()).unwrap();
        assert_eq!(tokens.holder(operator.trim()).unwrap().level, Level::Administer);
        let path = folder.path().join(TOKENS_FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let told = Tokens::read(folder.path()).unwrap_err().to_string();
        assert!(told.contains("may be read or written by others (mode 640)") && told.contains("chmod 600"), "{told}");
    }
}
