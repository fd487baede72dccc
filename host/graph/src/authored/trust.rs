//! Whose components a graph takes: `trust` in `[graph]`, and `digest` of an agent.
//!
//! Both are looked at before a component is: what is not as the file wants it is not even read as WebAssembly.

use greenroom_model::{Digest, KeyError, PublicKey, Signatures, verify};
use toml::de::DeValue;

use super::{AgentShape, Authored, ComponentRef};
use crate::diagnostic::{Mistake, Span};
use crate::reader::{At, Reader, Section};

/// After the path of a component: the file with its signatures.
const SIGNED: &str = ".sig";

/// The keys of which one has to have signed each component.
#[derive(Debug, Clone)]
pub(crate) struct TrustShape {
    pub(crate) span: Span,
    pub(crate) keys: Vec<PublicKey>,
    /// Whether there are keys that could not be read. Nothing is loaded then: one of them may be the one that counts.
    pub(crate) unread: bool,
}

impl TrustShape {
    pub(super) fn read(reader: &mut Reader, graph: &Section<'_, '_>) -> Option<Self> {
        let value = graph.get("trust")?;
        let mut shape = Self { span: graph.key_span("trust").unwrap_or_default(), keys: Vec::new(), unread: true };
        let before = reader.mistakes.len();
        let Some(written) = reader.texts("trust", value) else { return Some(shape) };
        if matches!(value.get_ref(), DeValue::Array(list) if list.is_empty()) {
            reader.mistakes.push(
                Mistake::error("no_key", &value.span(), "`trust` names no key", "expected one or more")
                    .help("name the keys that components are signed with, or remove `trust` to take any component"),
            );
        }
        for key in written {
            match key.value.parse() {
                Ok(read) => shape.keys.push(read),
                Err(why) => reader.mistakes.push(bad_key(&key, why)),
            }
        }
        shape.unread = reader.mistakes.len() > before;
        Some(shape)
    }
}

/// Of what was written, nothing is repeated: it may be a secret. Where it stands in the file is shown all the same.
fn bad_key(written: &At<String>, why: KeyError) -> Mistake {
    let prefixed = format!("ed25519:{}", written.value);
    let help = match why {
        KeyError::Private => {
            "anybody who reads this file can sign with it now: make another pair with `greenroom key new FILE`, and write \
             the public key that it prints"
                .to_owned()
        }
        KeyError::Scheme if prefixed.parse::<PublicKey>().is_ok() => format!("did you mean \"{prefixed}\"?"),
        _ => "`greenroom key show FILE` prints the public key of a private one".to_owned(),
    };
    let label = "expected \"ed25519:\" and 44 characters of base64";
    Mistake::error("bad_key", &written.span, format!("this is no public key: {why}"), label).help(help)
}

/// The digest of an agent's component.
pub(super) fn digest(reader: &mut Reader, agent: &Section<'_, '_>) -> Option<At<Digest>> {
    let At { value, span } = reader.text(agent, "digest")?;
    if let Ok(digest) = value.parse() {
        return Some(At { value: digest, span });
    }
    let meant = format!("sha256:{}", value.trim()).parse::<Digest>().ok();
    let help = meant.map_or_else(
        || "`greenroom inspect` and `greenroom pull` print the digest of a component".to_owned(),
        |meant| format!("did you mean \"{meant}\"?"),
    );
    let label = "expected \"sha256:\" and 64 hexadecimal digits";
    reader.mistakes.push(Mistake::error("bad_digest", &span, format!("{value:?} is no digest"), label).help(help));
    None
}

/// A component that is another than the one that the file pins.
pub(crate) fn mismatch(agent: &str, pinned: &At<Digest>, found: &Digest) -> Mistake {
    let message = format!("the component of agent `{agent}` is not the one that is pinned: it is {found}");
    Mistake::error("pinned", &pinned.span, message, "expected a component with this digest")
        .help("get that one, for instance with `greenroom pull`, or pin the one that there is if it is meant")
}

impl Authored {
    /// The files with signatures to look at before anything is loaded, relative to the graph file as components are: one beside
    /// each component. None when the file trusts whoever wrote its components.
    #[must_use]
    pub fn signatures(&self) -> Vec<String> {
        if self.graph.trust.is_none() {
            return Vec::new();
        }
        let signed = self.components().into_iter().filter(|component| !component.script);
        let mut paths: Vec<String> = signed.map(|component| component.signature()).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// Whether a component is one that the file wants: it has the digest that is pinned, and a key that is trusted signed it.
    /// Until this is true, a component is to be looked into by nobody. Why it is not is told with all other mistakes.
    /// `signatures` is asked for the text of [`ComponentRef::signature`], or for why that cannot be had, when the file trusts
    /// some keys alone.
    pub fn accepts<T: AsRef<[u8]>>(
        &mut self,
        component: &ComponentRef,
        found: &Digest,
        signatures: impl FnOnce() -> Result<T, String>,
    ) -> bool {
        let name = &component.agent;
        let Some(shape) = self.shape(component) else { return false };
        let unread = shape.digest_unread || self.graph.trust.as_ref().is_some_and(|trust| trust.unread);
        if unread {
            // What is wrong with them is told already.
            self.refused.insert(name.clone());
            return false;
        }
        let mistake = match (&shape.digest, &self.graph.trust) {
            (Some(pinned), _) if pinned.value != *found => Some(mismatch(name, pinned, found)),
            (_, None) => None,
            (_, Some(trust)) if component.script => Some(unsigned_text(shape, name, &trust.span)),
            (_, Some(trust)) => signatures()
                .and_then(|text| vouched(found, text.as_ref(), &trust.keys))
                .err()
                .map(|why| unsigned(shape, component, &trust.span, &why)),
        };
        let Some(mistake) = mistake else { return true };
        self.mistakes.push(mistake);
        self.refused.insert(name.clone());
        false
    }

    fn shape(&self, component: &ComponentRef) -> Option<&AgentShape> {
        self.agents.get(&component.agent).or_else(|| self.catalogue.get(&component.agent))
    }
}

impl ComponentRef {
    /// The file with signatures of the component, beside it.
    #[must_use]
    pub fn signature(&self) -> String {
        format!("{}{SIGNED}", self.path)
    }
}

fn vouched(found: &Digest, text: &[u8], trusted: &[PublicKey]) -> Result<(), String> {
    if text.len() > Signatures::BYTES_MAX {
        return Err(format!("its signatures have more than {} bytes", Signatures::BYTES_MAX));
    }
    let text = std::str::from_utf8(text).map_err(|_| "its signatures are no text".to_owned())?;
    let signatures: Signatures = text.parse().map_err(|why| format!("its signatures cannot be read: {why}"))?;
    verify(found, &signatures, trusted).map(drop).map_err(|why| why.to_string())
}

fn unsigned(shape: &AgentShape, component: &ComponentRef, trust: &Span, why: &str) -> Mistake {
    let ComponentRef { agent, path, .. } = component;
    let message = format!("nobody who is trusted vouches for the component of agent `{agent}`: {why}");
    let span = shape.file().map_or(&shape.span, |component| &component.span);
    Mistake::error("unsigned", span, message, format!("expected a signature in `{}`", component.signature()))
        .help(format!(
            "have it signed with `greenroom sign {path} --key FILE`, or pull it with its signatures; only if you trust whoever \
             signed it, add their key to `trust`"
        ))
        .also(trust, "by one of these keys")
}

fn unsigned_text(shape: &AgentShape, agent: &str, trust: &Span) -> Mistake {
    let message = format!("nobody who is trusted vouches for agent `{agent}`: it is a script, which has no signature");
    let span = shape.file().map_or(&shape.span, |script| &script.span);
    Mistake::error("unsigned", span, message, "expected a signed component in the place of `script`")
        .help("make a component of it with `greenroom build`, and have that signed with `greenroom sign`")
        .also(trust, "by one of these keys")
}
