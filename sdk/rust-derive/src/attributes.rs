//! What stands in `#[parameter(...)]`, and in a doc comment, not judged yet.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, Lit, LitStr, Meta, Result, Token, bracketed, parenthesized};

use crate::near::meant;

/// All keys that there are.
const KEYS: [&str; 9] = ["low", "high", "default", "log", "shapes_state", "options", "when", "items", "numbers"];

/// A literal, with the minus that Rust takes for an operator.
pub(crate) struct Literal {
    pub(crate) negative: bool,
    pub(crate) lit: Lit,
}

impl Parse for Literal {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let negative = input.parse::<Option<Token![-]>>()?.is_some();
        let lit = input.parse().map_err(|error| {
            Error::new(
                error.span(),
                "expected a number, `true`, `false` or a text in quotes: what a range is made of is literal",
            )
        })?;
        Ok(Self { negative, lit })
    }
}

impl Literal {
    pub(crate) fn span(&self) -> Span {
        self.lit.span()
    }
}

/// `when(other = ["a", "b"])`.
pub(crate) struct When {
    pub(crate) parameter: Ident,
    pub(crate) values: Vec<LitStr>,
}

impl Parse for When {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let parameter = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self { parameter, values: texts(input)? })
    }
}

/// `["a", "b"]`.
fn texts(input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let content;
    bracketed!(content in input);
    let all = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    Ok(all.into_iter().collect())
}

/// The keys of a field. A flag is the place where it was said.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) low: Option<Literal>,
    pub(crate) high: Option<Literal>,
    pub(crate) default: Option<Literal>,
    pub(crate) options: Option<(Span, Vec<LitStr>)>,
    pub(crate) when: Option<When>,
    pub(crate) log: Option<Span>,
    pub(crate) shapes_state: Option<Span>,
    pub(crate) items: Option<Span>,
    pub(crate) numbers: Option<Span>,
}

impl Attributes {
    pub(crate) fn read(all: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        for attribute in all.iter().filter(|attribute| attribute.path().is_ident("parameter")) {
            attribute.parse_nested_meta(|meta| {
                let span = meta.path.get_ident().map_or_else(Span::call_site, Ident::span);
                let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
                let twice = match key.as_str() {
                    "low" => read.low.replace(meta.value()?.parse()?).is_some(),
                    "high" => read.high.replace(meta.value()?.parse()?).is_some(),
                    "default" => read.default.replace(meta.value()?.parse()?).is_some(),
                    "options" => read.options.replace((span, texts(meta.value()?)?)).is_some(),
                    "when" => {
                        let content;
                        parenthesized!(content in meta.input);
                        read.when.replace(content.parse()?).is_some()
                    }
                    "log" => read.log.replace(span).is_some(),
                    "shapes_state" => read.shapes_state.replace(span).is_some(),
                    "items" => read.items.replace(span).is_some(),
                    "numbers" => read.numbers.replace(span).is_some(),
                    _ => {
                        let known = KEYS.join(", ");
                        return Err(meta.error(format!("`{key}` is not known, expected {known}{}", meant(&key, KEYS))));
                    }
                };
                if twice { Err(Error::new(span, format!("`{key}` is said twice"))) } else { Ok(()) }
            })?;
        }
        Ok(read)
    }
}

/// The doc comment as one line; empty when there is none.
pub(crate) fn summary(all: &[Attribute]) -> String {
    let lines = all.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            syn::Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
