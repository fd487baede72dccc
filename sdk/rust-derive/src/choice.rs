//! `derive(Choice)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result, Variant};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "a choice is an enum, and each of its variants a name"));
    };
    let Some(first) = data.variants.first().map(|variant| &variant.ident) else {
        return Err(Error::new_spanned(&input.ident, "a choice of nothing: expected at least one variant"));
    };
    let mut names: Vec<LitStr> = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(&variant.fields, "a variant is a name, and has nothing beside it"));
        }
        let name = name(variant)?;
        if names.iter().any(|other| other.value() == name.value()) {
            return Err(Error::new(name.span(), format!("{:?} is the name of two variants", name.value())));
        }
        names.push(name);
    }
    let ident = &input.ident;
    let variants = data.variants.iter().map(|variant| &variant.ident);
    Ok(quote! {
        #[automatically_derived]
        impl ::greenroom_sdk::Choice for #ident {
            const NAMES: &'static [&'static str] = &[#(#names),*];
            const FIRST: Self = Self::#first;

            fn named(name: &str) -> ::core::option::Option<Self> {
                match name {
                    #(#names => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    })
}

/// As `#[choice("...")]` says, or the variant's own in kebab-case.
fn name(variant: &Variant) -> Result<LitStr> {
    if let Some(attribute) = variant.attrs.iter().find(|attribute| attribute.path().is_ident("choice")) {
        return attribute.parse_args();
    }
    let ident = variant.ident.unraw().to_string();
    let mut name = String::new();
    for (place, letter) in ident.chars().enumerate() {
        if letter.is_uppercase() && place > 0 {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    Ok(LitStr::new(&name, variant.ident.span()))
}
