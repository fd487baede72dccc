//! Reads typed values out of a TOML document. What does not fit becomes a mistake and reads as absent, so that reading
//! goes on and all mistakes are found.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Mistake, Span};
use crate::{quantity, suggest};

/// Something, and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// A value of any type, as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<At<Literal>>),
    Table(Vec<(At<String>, At<Literal>)>),
}

impl Literal {
    /// What it is, in a message.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Boolean(x) => format!("`{x}`"),
            Self::Integer(x) => format!("`{x}`"),
            Self::Float(x) => format!("`{x:?}`"),
            Self::Text(x) => format!("the string {x:?}"),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

/// A table of the file that has been found to be one.
pub(crate) struct Section<'v, 't> {
    /// How messages call it: `[agents.ease]`.
    pub(crate) place: String,
    /// Its name in the file.
    pub(crate) span: Span,
    table: &'v DeTable<'t>,
}

impl<'v, 't> Section<'v, 't> {
    pub(crate) fn root(table: &'v DeTable<'t>) -> Self {
        Self { place: "the file".to_owned(), span: 0..0, table }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'v Value<'t>> {
        self.table.get(key)
    }

    /// Where a key is written.
    pub(crate) fn key_span(&self, key: &str) -> Option<Span> {
        self.table.get_key_value(key).map(|(key, _)| key.span())
    }

    /// All entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (At<String>, &'v Value<'t>)> {
        self.table.iter().map(|(key, value)| (At { value: key.get_ref().to_string(), span: key.span() }, value))
    }
}

/// Collects mistakes while values are read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) mistakes: Vec<Mistake>,
}

impl Reader {
    fn wrong_type(&mut self, key: &str, value: &Value<'_>, expected: &str, help: Option<String>) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{key}` is {found}");
        self.mistakes.push(
            Mistake::error("wrong_type", &value.span(), message, format!("expected {expected}")).help_maybe(help),
        );
    }

    /// A table with some of the keys of `known`.
    pub(crate) fn section<'v, 't>(
        &mut self,
        place: String,
        key: &str,
        span: Span,
        value: &'v Value<'t>,
        known: &[&str],
    ) -> Option<Section<'v, 't>> {
        let section = self.open_section(place, key, span, value)?;
        self.known_keys(&section, known);
        Some(section)
    }

    /// A table with keys of any name.
    pub(crate) fn open_section<'v, 't>(
        &mut self,
        place: String,
        key: &str,
        span: Span,
        value: &'v Value<'t>,
    ) -> Option<Section<'v, 't>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Section { place, span, table }),
            _ => {
                self.wrong_type(key, value, "a table", None);
                None
            }
        }
    }

    /// Finds keys that nobody reads.
    pub(crate) fn known_keys(&mut self, section: &Section<'_, '_>, known: &[&str]) {
        for (key, _) in section.entries() {
            if !known.contains(&key.value.as_str()) {
                let message = format!("{} has no key `{}`", section.place, key.value);
                self.mistakes.push(
                    Mistake::error("unknown_key", &key.span, message, "expected a known key")
                        .help_maybe(suggest::help(&key.value, known.iter().copied())),
                );
            }
        }
    }

    /// Says that a key has to be there. `example` is the line to write.
    pub(crate) fn require(&mut self, section: &Section<'_, '_>, key: &str, example: &str) {
        // A key that was meant to be this one is told as unknown.
        let meant = section.entries().any(|(written, _)| suggest::nearest(&written.value, [key]).is_some());
        if !meant {
            let message = format!("{} lacks `{key}`", section.place);
            self.mistakes.push(
                Mistake::error("missing_key", &section.span, message, format!("expected `{key}` in here"))
                    .help(format!("add, for instance, `{example}`")),
            );
        }
    }

    /// A string.
    pub(crate) fn text(&mut self, section: &Section<'_, '_>, key: &str) -> Option<At<String>> {
        let value = section.get(key)?;
        self.text_value(key, value, "a string")
    }

    /// A string that stands in a list or a table.
    pub(crate) fn text_value(&mut self, key: &str, value: &Value<'_>, expected: &str) -> Option<At<String>> {
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: text.to_string(), span: value.span() }),
            _ => {
                self.wrong_type(key, value, expected, None);
                None
            }
        }
    }

    /// A list of strings. Reads as those that are strings.
    pub(crate) fn texts(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<At<String>>> {
        match value.get_ref() {
            DeValue::Array(list) => {
                Some(list.iter().filter_map(|value| self.text_value(key, value, "a string in this list")).collect())
            }
            DeValue::String(text) => {
                self.wrong_type(key, value, "a list of strings", Some(format!("write `{key} = [{text:?}]`")));
                None
            }
            _ => {
                self.wrong_type(key, value, "a list of strings", None);
                None
            }
        }
    }

    /// True or false.
    pub(crate) fn boolean(&mut self, section: &Section<'_, '_>, key: &str) -> Option<At<bool>> {
        let value = section.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(yes) => Some(At { value: *yes, span: value.span() }),
            _ => {
                self.wrong_type(key, value, "true or false", None);
                None
            }
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn whole(&mut self, section: &Section<'_, '_>, key: &str) -> Option<At<u64>> {
        let value = section.get(key)?;
        match value.get_ref() {
            DeValue::Integer(_) => {}
            DeValue::String(text) if text.replace('_', "").parse::<u64>().is_ok() => {
                self.wrong_type(key, value, "a whole number", Some(format!("write `{key} = {text}`, without quotes")));
                return None;
            }
            _ => {
                self.wrong_type(key, value, "a whole number", None);
                return None;
            }
        }
        let at = self.integer(key, value)?;
        match u64::try_from(at.value) {
            Ok(number) => Some(At { value: number, span: at.span }),
            Err(_) => {
                self.mistakes.push(Mistake::error(
                    "out_of_range",
                    &at.span,
                    format!("`{key}` is {}", at.value),
                    "expected a number that is not negative",
                ));
                None
            }
        }
    }

    fn integer(&mut self, key: &str, value: &Value<'_>) -> Option<At<i64>> {
        let DeValue::Integer(integer) = value.get_ref() else { return None };
        if let Ok(number) = i64::from_str_radix(integer.as_str(), integer.radix()) {
            return Some(At { value: number, span: value.span() });
        }
        self.mistakes.push(Mistake::error(
            "out_of_range",
            &value.span(),
            format!("`{key}` does not fit in 64 bits"),
            format!("expected a whole number of at most {}", i64::MAX),
        ));
        None
    }

    /// A finite number.
    pub(crate) fn number(&mut self, section: &Section<'_, '_>, key: &str) -> Option<At<f64>> {
        let value = section.get(key)?;
        if !matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_)) {
            self.wrong_type(key, value, "a number", None);
            return None;
        }
        let literal = self.literal(key, value)?;
        let number = match literal.value {
            #[expect(clippy::cast_precision_loss, reason = "bounds on metrics need no more than 53 bits")]
            Literal::Integer(x) => x as f64,
            Literal::Float(x) => x,
            _ => return None,
        };
        Some(At { value: number, span: literal.span })
    }

    /// Bytes: a whole number, or a string with a unit.
    pub(crate) fn size(&mut self, section: &Section<'_, '_>, key: &str) -> Option<At<u64>> {
        let value = section.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => match quantity::bytes(text) {
                Ok(bytes) => Some(At { value: bytes, span: value.span() }),
                Err(help) => {
                    let message = format!("`{key}` is {text:?}, which is no size");
                    let expected = "expected a number and a unit, or bytes";
                    self.mistakes.push(Mistake::error("bad_size", &value.span(), message, expected).help(help));
                    None
                }
            },
            DeValue::Integer(_) => self.whole(section, key),
            _ => {
                self.wrong_type(key, value, "a size such as \"64MiB\", or bytes", None);
                None
            }
        }
    }

    /// Anything but dates, NaN and infinities.
    pub(crate) fn literal(&mut self, key: &str, value: &Value<'_>) -> Option<At<Literal>> {
        let literal = match value.get_ref() {
            DeValue::Boolean(x) => Literal::Boolean(*x),
            DeValue::String(x) => Literal::Text(x.to_string()),
            DeValue::Integer(_) => Literal::Integer(self.integer(key, value)?.value),
            DeValue::Float(x) => match x.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Literal::Float(number),
                _ => {
                    let message = format!("`{key}` is {}", x.as_str());
                    self.mistakes.push(Mistake::error(
                        "not_finite",
                        &value.span(),
                        message,
                        "expected a finite number",
                    ));
                    return None;
                }
            },
            DeValue::Array(list) => Literal::List(list.iter().filter_map(|value| self.literal(key, value)).collect()),
            DeValue::Table(table) => Literal::Table(
                table
                    .iter()
                    .filter_map(|(name, value)| {
                        let at = At { value: name.get_ref().to_string(), span: name.span() };
                        Some((at, self.literal(name.get_ref(), value)?))
                    })
                    .collect(),
            ),
            DeValue::Datetime(_) => {
                self.wrong_type(key, value, "a number, a string, true or false, a list or a table", None);
                return None;
            }
        };
        Some(At { value: literal, span: value.span() })
    }

    /// One of several words.
    pub(crate) fn word<T: Copy>(&mut self, section: &Section<'_, '_>, key: &str, words: &[(&str, T)]) -> Option<At<T>> {
        let at = self.text(section, key)?;
        match words.iter().find(|(word, _)| *word == at.value) {
            Some((_, meaning)) => Some(At { value: *meaning, span: at.span }),
            None => {
                let expected = format!("expected {}", suggest::list(words.iter().map(|(word, _)| *word)));
                let near = suggest::nearest(&at.value, words.iter().map(|(word, _)| *word));
                self.mistakes.push(
                    Mistake::error("unknown_word", &at.span, format!("`{key}` cannot be {:?}", at.value), expected)
                        .help_maybe(near.map(|word| format!("did you mean \"{word}\"?"))),
                );
                None
            }
        }
    }
}
