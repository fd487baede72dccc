//! Where a component is, as it is written.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use greenroom_model::Digest;

use crate::RegistryError;

/// What nobody named is called.
const LATEST: &str = "latest";
/// Characters of a tag, and of a repository (OCI distribution specification 1.1).
const TAG_MAX: usize = 128;
const REPOSITORY_MAX: usize = 255;

/// Where a component is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The registry.
    pub place: Place,
    /// Which one of those that it has.
    pub at: At,
}

/// A registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder with an OCI image layout.
    Layout(PathBuf),
    /// One that is asked over HTTP.
    Remote {
        /// With the port, if one is written.
        host: String,
        /// The part of it.
        repository: String,
    },
}

/// By what a manifest is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// A name that may be given to another one.
    Tag(String),
    /// What it is.
    Digest(Digest),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Layout(dir) => write!(f, "oci:{}", dir.display())?,
            Place::Remote { host, repository } => write!(f, "{host}/{repository}")?,
        }
        match &self.at {
            At::Tag(tag) => write!(f, ":{tag}"),
            At::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

impl FromStr for Reference {
    type Err = RegistryError;

    fn from_str(written: &str) -> Result<Self, RegistryError> {
        let read = || {
            if let Some(rest) = written.strip_prefix("oci:") {
                return layout(rest);
            }
            match written.split_once('/') {
                Some((host, rest)) if is_host(host) => remote(host, rest),
                _ => layout(written),
            }
        };
        read().map_err(|why| RegistryError::Reference { written: written.to_owned(), why })
    }
}

/// A first part that no folder is called, or hardly one.
fn is_host(first: &str) -> bool {
    let named = first == "localhost" || first.contains(['.', ':']);
    named && !first.starts_with('.') && !first.is_empty()
}

fn layout(written: &str) -> Result<Reference, String> {
    let (dir, at) = split(written)?;
    if dir.is_empty() {
        return Err("it names no folder".to_owned());
    }
    Ok(Reference { place: Place::Layout(dir.into()), at })
}

fn remote(host: &str, rest: &str) -> Result<Reference, String> {
    let (repository, at) = split(rest)?;
    let plain = host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-:[]_".contains(&c));
    if !plain {
        return Err(format!("`{host}` is no name of a host"));
    }
    let part = |part: &str| {
        let inner = part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-".contains(&c));
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        inner && edge(part.chars().next()) && edge(part.chars().last())
    };
    if repository.len() > REPOSITORY_MAX || !repository.split('/').all(part) {
        return Err(format!(
            "`{repository}` is no repository: it has lower-case letters, digits and, between them, `.`, `_`, `-` and `/`"
        ));
    }
    let place = Place::Remote { host: host.to_owned(), repository: repository.to_owned() };
    Ok(Reference { place, at })
}

/// The name, and what follows it. A digest says more than a tag before it.
fn split(written: &str) -> Result<(&str, At), String> {
    let (named, digest) = match written.split_once('@') {
        Some((named, digest)) => (named, Some(digest.parse::<Digest>().map_err(|e| e.to_string())?)),
        None => (written, None),
    };
    let (name, tag) = match named.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (named, None),
    };
    if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
        return Err(format!(
            "`{tag}` is no tag: at most {TAG_MAX} letters, digits, `_`, `.` and `-`, `.` and `-` not first"
        ));
    }
    let at = match (digest, tag) {
        (Some(digest), _) => At::Digest(digest),
        (None, tag) => At::Tag(tag.unwrap_or(LATEST).to_owned()),
    };
    Ok((name, at))
}

fn is_tag(tag: &str) -> bool {
    let word = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    (1..=TAG_MAX).contains(&tag.len())
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|c| word(c) || c == b'.' || c == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, canonical: &str) {
        assert_eq!(written.parse::<Reference>().unwrap().to_string(), canonical);
    }

    #[track_caller]
    fn refused(written: &str, why: &str) {
        let told = written.parse::<Reference>().unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }

    #[test]
    fn folders_and_hosts_are_told_apart() {
        check("oci:store:1.2", "oci:store:1.2");
        check("store", "oci:store:latest");
        check("./store/agents:ease", "oci:./store/agents:ease");
        check("a/b", "oci:a/b:latest");
        check("oci:registry.example.com/a", "oci:registry.example.com/a:latest");
        check("registry.example.com/agents/ease:1.2", "registry.example.com/agents/ease:1.2");
        check("127.0.0.1:5000/ease", "127.0.0.1:5000/ease:latest");
        check("localhost/ease", "localhost/ease:latest");
    }

    #[test]
    fn a_digest_is_taken_over_a_tag() {
        let digest = Digest::of(b"x");
        check(&format!("registry.example.com/ease:1@{digest}"), &format!("registry.example.com/ease@{digest}"));
        check(&format!("oci:store@{digest}"), &format!("oci:store@{digest}"));
    }

    #[test]
    fn what_names_nothing_is_refused() {
        refused("oci:", "it names no folder");
        refused("registry.example.com/Ease", "`Ease` is no repository");
        refused("registry.example.com/../x", "is no repository");
        refused("registry.example.com/", "is no repository");
        refused("user@registry.example.com/x", "is no name of a host");
        refused("store:-x", "`-x` is no tag");
        refused("registry.example.com/ease@sha256:12", "is no digest");
    }
}
