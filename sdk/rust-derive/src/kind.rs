//! Which kind of parameter a field's type makes.

use syn::{Error, GenericArgument, PathArguments, Result, Type};

use crate::attributes::Attributes;

/// Kinds of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    /// With the least and the greatest value that the type has in an agent, where a pointer has 32 bits.
    Integer(i64, i64),
    Boolean,
    Text,
    /// Taken to be an enum that derives `Choice`; the compiler says when it does not.
    Choice,
    Items,
    Numbers,
}

impl Kind {
    pub(crate) fn of(ty: &Type, attributes: &Attributes) -> Result<Self> {
        let kind = Self::named(ty).filter(|kind| match kind {
            // What an author makes of numbers is a type of their own.
            Self::Choice => attributes.numbers.is_none(),
            _ => true,
        });
        match kind {
            Some(kind) => Ok(kind),
            None if attributes.numbers.is_some() => Ok(Self::Numbers),
            None => Err(Error::new_spanned(
                ty,
                format!(
                    "`{}` is no type of a parameter, expected f32, f64, a whole number of up to 64 bits, bool, String with \
                     `options`, an enum that derives Choice, Vec<u32> of items, or BTreeMap<String, f64> of numbers",
                    spelled(ty)
                ),
            )),
        }
    }

    /// By the last word of the type's path.
    fn named(ty: &Type) -> Option<Self> {
        let Type::Path(path) = ty else { return None };
        let last = path.path.segments.last()?;
        let name = last.ident.to_string();
        if !matches!(last.arguments, PathArguments::None) {
            return match (name.as_str(), arguments(&last.arguments).as_slice()) {
                ("Vec", [of]) if of == "u32" => Some(Self::Items),
                ("Vec", [of]) if of == "f64" => Some(Self::Numbers),
                ("BTreeMap", [of, to]) if of == "String" && to == "f64" => Some(Self::Numbers),
                _ => None,
            };
        }
        Some(match name.as_str() {
            "f32" | "f64" => Self::Float,
            "u8" => Self::Integer(0, u8::MAX.into()),
            "u16" => Self::Integer(0, u16::MAX.into()),
            "u32" | "usize" => Self::Integer(0, u32::MAX.into()),
            "u64" => Self::Integer(0, i64::MAX),
            "i8" => Self::Integer(i8::MIN.into(), i8::MAX.into()),
            "i16" => Self::Integer(i16::MIN.into(), i16::MAX.into()),
            "i32" | "isize" => Self::Integer(i32::MIN.into(), i32::MAX.into()),
            "i64" => Self::Integer(i64::MIN, i64::MAX),
            "bool" => Self::Boolean,
            "String" => Self::Text,
            "u128" | "i128" | "char" | "str" | "f16" | "f128" => return None,
            _ => Self::Choice,
        })
    }

    /// What a person calls it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Float => "a number",
            Self::Integer(..) => "a whole number",
            Self::Boolean => "true or false",
            Self::Text | Self::Choice => "a name",
            Self::Items => "a list of items",
            Self::Numbers => "numbers",
        }
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Float | Self::Integer(..))
    }
}

fn arguments(all: &PathArguments) -> Vec<String> {
    let PathArguments::AngleBracketed(all) = all else { return Vec::new() };
    let types = all.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => spelled(ty),
        _ => String::new(),
    });
    types.collect()
}

/// A type as an author writes it.
pub(crate) fn spelled(ty: &Type) -> String {
    quote::quote!(#ty)
        .to_string()
        .replace(" ,", ",")
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace("& ", "&")
}
