//! The range of a parameter, checked.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, Lit, LitStr, Result, Type};

use crate::attributes::{Attributes, Literal};
use crate::kind::Kind;
use crate::near::meant;

/// What a parameter may be.
pub(crate) enum Domain {
    Float { low: f64, high: f64, default: f64, log: bool },
    Integer { low: i64, high: i64, default: i64, log: bool },
    Boolean(bool),
    Text { options: Vec<LitStr>, default: LitStr },
    Choice { options: Option<Vec<LitStr>>, default: LitStr },
    Items,
    Numbers,
}

/// A field's attributes, on their way to a domain.
struct Reader<'a> {
    name: &'a str,
    at: Span,
    kind: Kind,
    given: &'a Attributes,
}

impl Domain {
    pub(crate) fn of(name: &str, at: Span, kind: Kind, given: &Attributes) -> Result<Self> {
        let reader = Reader { name, at, kind, given };
        reader.no_strangers()?;
        Ok(match kind {
            Kind::Float => {
                let [low, high, default] =
                    reader.range(reader.float("low")?, reader.float("high")?, reader.float("default")?)?;
                Self::Float { low, high, default, log: reader.log(low > 0.0)? }
            }
            Kind::Integer(..) => {
                let [low, high, default] =
                    reader.range(reader.integer("low")?, reader.integer("high")?, reader.integer("default")?)?;
                Self::Integer { low, high, default, log: reader.log(low > 0)? }
            }
            Kind::Boolean => match &reader.literal("default")?.lit {
                Lit::Bool(value) => Self::Boolean(value.value),
                other => {
                    return Err(Error::new(
                        other.span(),
                        format!("`{name}` is true or false, and so is its `default`"),
                    ));
                }
            },
            Kind::Text => {
                let Some((_, options)) = &given.options else {
                    return Err(Error::new(
                        at,
                        format!("`{name}` has no `options`: a list of the names that it may be"),
                    ));
                };
                let default = reader.text()?;
                reader.is_option(&default, options)?;
                Self::Text { options: options.clone(), default }
            }
            Kind::Choice => {
                let options = given.options.as_ref().map(|(_, options)| options.clone());
                let default = reader.text()?;
                if let Some(options) = &options {
                    reader.is_option(&default, options)?;
                }
                Self::Choice { options, default }
            }
            Kind::Items => Self::Items,
            Kind::Numbers => Self::Numbers,
        })
    }

    /// The call that makes the `Parameter`, but for what is said of any.
    pub(crate) fn parameter(&self, name: &str, summary: &str, ty: &Type) -> TokenStream {
        match self {
            Self::Float { low, high, default, log } => {
                let log = log.then(|| quote!(.log()));
                quote!(::greenroom_sdk::float(#name, #low, #high, #default, #summary) #log)
            }
            Self::Integer { low, high, default, log } => {
                let log = log.then(|| quote!(.log()));
                quote!(::greenroom_sdk::integer(#name, #low, #high, #default, #summary) #log)
            }
            Self::Boolean(default) => quote!(::greenroom_sdk::boolean(#name, #default, #summary)),
            Self::Text { options, default } => {
                quote!(::greenroom_sdk::choice(#name, &[#(#options),*], #default, #summary))
            }
            Self::Choice { options: Some(options), default } => {
                quote!(::greenroom_sdk::choice(#name, &[#(#options),*], #default, #summary))
            }
            Self::Choice { options: None, default } => {
                quote!(::greenroom_sdk::choice(#name, <#ty as ::greenroom_sdk::Choice>::NAMES, #default, #summary))
            }
            Self::Items => quote!(::greenroom_sdk::items(#name, #summary)),
            Self::Numbers => quote!(::greenroom_sdk::numbers(#name, #summary)),
        }
    }

    /// The value that it has when a graph file says nothing.
    pub(crate) fn value(&self, ty: &Type) -> TokenStream {
        match self {
            Self::Float { default, .. } => quote!(#default as #ty),
            Self::Integer { default, .. } => {
                let default = proc_macro2::Literal::i64_unsuffixed(*default);
                quote!(#default)
            }
            Self::Boolean(default) => quote!(#default),
            Self::Text { default, .. } => quote!(::std::string::String::from(#default)),
            Self::Choice { default, .. } => {
                quote!(<#ty as ::greenroom_sdk::Choice>::named(#default).unwrap_or(<#ty as ::greenroom_sdk::Choice>::FIRST))
            }
            Self::Items | Self::Numbers => quote!(::core::default::Default::default()),
        }
    }

    /// What only the compiler can check: that names are an enum's.
    pub(crate) fn assertions(&self, ty: &Type) -> TokenStream {
        let Self::Choice { options, default } = self else { return TokenStream::new() };
        let names = options.iter().flatten().chain(options.is_none().then_some(default));
        let one = names.map(|name| {
            let wrong = format!("\"{}\" is none of the names of `{}`", name.value(), crate::kind::spelled(ty));
            quote_spanned!(name.span()=>
                const _: () = ::core::assert!(
                    ::greenroom_sdk::__is_one_of(#name, <#ty as ::greenroom_sdk::Choice>::NAMES), #wrong
                );
            )
        });
        one.collect()
    }

    /// The names that it may have, where they are known here.
    pub(crate) fn names(&self) -> Option<Vec<String>> {
        match self {
            Self::Boolean(_) => Some(vec!["true".into(), "false".into()]),
            Self::Text { options, .. } | Self::Choice { options: Some(options), .. } => {
                Some(options.iter().map(LitStr::value).collect())
            }
            _ => None,
        }
    }
}

impl Reader<'_> {
    /// That nothing is said that this kind does not have.
    fn no_strangers(&self) -> Result<()> {
        let given = self.given;
        let literal = |of: &Option<Literal>| of.as_ref().map(Literal::span);
        let is_name = matches!(self.kind, Kind::Text | Kind::Choice);
        let is_list = matches!(self.kind, Kind::Items | Kind::Numbers);
        let strangers = [
            ("low", literal(&given.low), self.kind.is_number(), "numbers"),
            ("high", literal(&given.high), self.kind.is_number(), "numbers"),
            ("log", given.log, self.kind.is_number(), "numbers"),
            ("options", given.options.as_ref().map(|x| x.0), is_name, "names"),
            ("default", literal(&given.default), !is_list, "what is always given, which lists are not"),
            ("items", given.items, self.kind == Kind::Items, "Vec<u32>"),
            ("numbers", given.numbers, self.kind == Kind::Numbers, "BTreeMap<String, f64> and the like"),
        ];
        for (key, at, fits, what) in strangers {
            if let (Some(at), false) = (at, fits) {
                let message = format!("`{key}` is for {what}, and `{}` is {}", self.name, self.kind.noun());
                return Err(Error::new(at, message));
            }
        }
        Ok(())
    }

    fn literal(&self, key: &str) -> Result<&Literal> {
        let given = self.given;
        let found = match key {
            "low" => &given.low,
            "high" => &given.high,
            _ => &given.default,
        };
        found
            .as_ref()
            .ok_or_else(|| Error::new(self.at, format!("`{}` has no `{key}`, and is {}", self.name, self.kind.noun())))
    }

    fn float(&self, key: &str) -> Result<f64> {
        let literal = self.literal(key)?;
        let value: f64 = match &literal.lit {
            Lit::Float(value) => value.base10_parse()?,
            Lit::Int(value) => value.base10_parse()?,
            other => return Err(Error::new(other.span(), format!("`{key}` of `{}`: expected a number", self.name))),
        };
        if !value.is_finite() {
            return Err(Error::new(literal.span(), format!("`{key}` of `{}` is not finite", self.name)));
        }
        Ok(if literal.negative { -value } else { value })
    }

    fn integer(&self, key: &str) -> Result<i64> {
        let literal = self.literal(key)?;
        let Lit::Int(value) = &literal.lit else {
            return Err(Error::new(literal.span(), format!("`{key}` of `{}`: expected a whole number", self.name)));
        };
        let value: i128 = value.base10_parse()?;
        let value = if literal.negative { -value } else { value };
        let (least, greatest) = match self.kind {
            Kind::Integer(least, greatest) => (least, greatest),
            _ => (i64::MIN, i64::MAX),
        };
        i64::try_from(value).ok().filter(|value| (least..=greatest).contains(value)).ok_or_else(|| {
            let message = format!(
                "`{key}` = {value}: `{}` has a type that goes from {least} to {greatest} in an agent",
                self.name
            );
            Error::new(literal.span(), message)
        })
    }

    fn range<T: PartialOrd + std::fmt::Debug>(&self, low: T, high: T, default: T) -> Result<[T; 3]> {
        if low > high {
            let at = self.literal("low")?.span();
            return Err(Error::new(at, format!("`low` = {low:?} is above `high` = {high:?}")));
        }
        if default < low || default > high {
            let at = self.literal("default")?.span();
            return Err(Error::new(at, format!("`default` = {default:?} is outside of {low:?} to {high:?}")));
        }
        Ok([low, high, default])
    }

    fn log(&self, above_zero: bool) -> Result<bool> {
        match self.given.log {
            Some(at) if !above_zero => {
                Err(Error::new(at, "`log` takes a range above 0: raise `low`, or leave `log` out"))
            }
            found => Ok(found.is_some()),
        }
    }

    fn text(&self) -> Result<LitStr> {
        match &self.literal("default")?.lit {
            Lit::Str(text) => Ok(text.clone()),
            other => Err(Error::new(other.span(), format!("`default` of `{}`: expected a name in quotes", self.name))),
        }
    }

    fn is_option(&self, default: &LitStr, options: &[LitStr]) -> Result<()> {
        let names: Vec<String> = options.iter().map(LitStr::value).collect();
        let found = default.value();
        if names.contains(&found) {
            return Ok(());
        }
        let near = meant(&found, names.iter().map(String::as_str));
        Err(Error::new(
            default.span(),
            format!("`default` = {found:?} is none of the `options` of `{}`{near}", self.name),
        ))
    }
}
