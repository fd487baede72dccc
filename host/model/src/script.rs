//! An agent that is text: one component file, the interpreter's bytes and after them a section that has the text.

use std::fmt;

use crate::text::shown;

/// The custom section's name. It is the component's last.
const SECTION: &str = "greenroom:script";
/// How a component begins: the magic number, then the version and layer of the binary format.
const HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const CUSTOM: u8 = 0;

/// What an interpreter is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The file's, for messages: no path.
    pub name: String,
    /// What of the contract it exports.
    pub exports: ScriptExports,
    /// Its text.
    pub source: String,
}

/// The exports of the contract that a script has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the contract's interfaces")]
pub struct ScriptExports {
    pub policy: bool,
    pub lifecycle: bool,
    pub learner: bool,
}

/// Why a script cannot be run: what its author is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptFailure {
    /// The file's.
    pub name: String,
    /// Without the place.
    pub message: String,
    /// From 1; none where the whole file is meant.
    pub line: Option<u32>,
    /// From 1, in characters.
    pub column: Option<u32>,
}

impl fmt::Display for ScriptFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ScriptFailure {}

impl ScriptExports {
    const NAMES: [&'static str; 3] = ["policy", "lifecycle", "learner"];

    fn listed(self, between: &str) -> String {
        let has = [self.policy, self.lifecycle, self.learner];
        let names = Self::NAMES.into_iter().zip(has).filter_map(|(name, has)| has.then_some(name));
        names.collect::<Vec<_>>().join(between)
    }

    fn of_list(list: &str) -> Option<Self> {
        let names: Vec<&str> = list.split(' ').filter(|name| !name.is_empty()).collect();
        let has = |name: &str| names.contains(&name);
        let known = names.iter().all(|name| Self::NAMES.contains(name));
        known.then(|| Self { policy: has("policy"), lifecycle: has("lifecycle"), learner: has("learner") })
    }
}

/// As a list: `policy, lifecycle`.
impl fmt::Display for ScriptExports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = self.listed(", ");
        f.write_str(if listed.is_empty() { "nothing" } else { &listed })
    }
}

impl Script {
    /// The component of it, in `interpreter`.
    #[must_use]
    pub fn component(&self, interpreter: &[u8]) -> Vec<u8> {
        let name: String = self.name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        let content = format!("{name}\n{}\n{}", self.exports.listed(" "), self.source);
        let mut section = Vec::with_capacity(content.len() + SECTION.len() + 8);
        leb(&mut section, SECTION.len());
        section.extend(SECTION.as_bytes());
        section.extend(content.as_bytes());
        let mut component = Vec::with_capacity(interpreter.len() + section.len() + 8);
        component.extend(interpreter);
        component.push(CUSTOM);
        leb(&mut component, section.len());
        component.extend(section);
        component
    }

    /// Takes a component apart into its interpreter and its script; without a script it is all interpreter.
    ///
    /// # Errors
    /// What is wrong with the script's section. A component that is broken elsewhere is said to have none.
    pub fn split(component: &[u8]) -> Result<(&[u8], Option<Self>), String> {
        let Some(at) = last_section(component) else { return Ok((component, None)) };
        let (interpreter, section) = component.split_at(at);
        let named = section.get(1..).and_then(|rest| leb_of(rest)).and_then(|(_, rest)| sized(rest));
        let Some((name, content)) = named.filter(|_| section.first() == Some(&CUSTOM)) else {
            return Ok((component, None));
        };
        if name != SECTION.as_bytes() {
            return Ok((component, None));
        }
        let content = std::str::from_utf8(content).map_err(|error| format!("its script is no text: {error}"))?;
        let mut parts = content.splitn(3, '\n');
        let (Some(name), Some(exports), Some(source)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("its script has no name and no list of exports: build it again".to_owned());
        };
        let exports = ScriptExports::of_list(exports).ok_or_else(|| {
            format!("its script exports `{}`, which is no list of exports: build it again", shown(exports))
        })?;
        Ok((interpreter, Some(Self { name: name.to_owned(), exports, source: source.to_owned() })))
    }
}

/// Where the last section begins of a component whose sections follow each other to its end.
fn last_section(component: &[u8]) -> Option<usize> {
    let mut rest = component.strip_prefix(&HEADER)?;
    let mut last = None;
    while !rest.is_empty() {
        last = Some(component.len() - rest.len());
        rest = sized(rest.get(1..)?)?.1;
    }
    last
}

/// Takes as many bytes off as a number before them says.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = leb_of(bytes)?;
    rest.split_at_checked(size)
}

/// A number of up to 32 bits in LEB128, and what comes after it.
fn leb_of(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(number).ok()?, bytes.get(place + 1..)?));
        }
    }
    None
}

fn leb(into: &mut Vec<u8>, mut number: usize) {
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        into.push(if number == 0 { byte } else { byte | 0x80 });
        if number == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(source: &str) -> Script {
        let exports = ScriptExports { policy: true, lifecycle: true, learner: false };
        Script { name: "agent.js".to_owned(), exports, source: source.to_owned() }
    }

    #[test]
    fn a_script_comes_out_as_it_went_in() {
        let sections: &[u8] = &[HEADER.as_slice(), &[0, 3, 1, b'x', 9], &[7, 0]].concat();
        for interpreter in [&HEADER, sections] {
            for source in ["", "decide", "a\nb\n\n", &"é".repeat(70_000)] {
                let component = script(source).component(interpreter);
                assert_eq!(Script::split(&component).unwrap(), (interpreter, Some(script(source))));
            }
            assert_eq!(Script::split(interpreter).unwrap(), (interpreter, None));
        }
    }

    #[test]
    fn what_is_cut_off_or_no_component_has_no_script() {
        let component = script("text").component(&HEADER);
        for end in 0..component.len() {
            assert_eq!(Script::split(&component[..end]).unwrap(), (&component[..end], None), "{end}");
        }
        for odd in
            [b"\0asm\x01\0\0\0".as_slice(), b"export default {}", &[HEADER.as_slice(), &[0, 0xff, 0xff]].concat()]
        {
            assert_eq!(Script::split(odd).unwrap(), (odd, None));
        }
    }

    #[test]
    fn a_section_that_says_something_else_is_told() {
        let of = |content: &str| {
            let mut section = vec![SECTION.len() as u8];
            section.extend([SECTION.as_bytes(), content.as_bytes()].concat());
            [HEADER.as_slice(), &[0, section.len() as u8], &section].concat()
        };
        let wrong = |content| Script::split(&of(content)).unwrap_err();
        assert_eq!(wrong("agent.js"), "its script has no name and no list of exports: build it again");
        assert_eq!(
            wrong("a\npolicy oracle\n"),
            "its script exports `policy oracle`, which is no list of exports: build it again"
        );
    }

    #[test]
    fn a_failure_says_where_it_is() {
        let failure = |line, column| {
            ScriptFailure { name: "a.js".to_owned(), message: "no".to_owned(), line, column }.to_string()
        };
        assert_eq!(failure(Some(3), Some(7)), "a.js:3:7: no");
        assert_eq!(failure(Some(3), None), "a.js:3: no");
        assert_eq!(failure(None, None), "a.js: no");
    }
}
