//! What `greenroom-sdk` derives: parameters with ranges of a struct, and choices of an enum. An author uses it through
//! `greenroom_sdk`, where it is documented by example.
//!
//! Mistakes are told where the author made them, several in one run; what is read here is checked here, so that the
//! host refuses none of it later.

mod attributes;
mod choice;
mod domain;
mod kind;
mod near;
mod parameters;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Parameters of an agent: a field each, its doc comment as the summary, its range in `#[parameter(...)]`.
#[proc_macro_derive(Parameters, attributes(parameter))]
pub fn parameters(input: TokenStream) -> TokenStream {
    expand(input, &parameters::derive)
}

/// The names that a parameter of this enum takes: a variant each, in kebab-case or as `#[choice("name")]` says.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn choice(input: TokenStream) -> TokenStream {
    expand(input, &choice::derive)
}

fn expand(
    input: TokenStream,
    derive: &dyn Fn(&syn::DeriveInput) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let made = syn::parse(input).and_then(|input| derive(&input));
    made.unwrap_or_else(|mistakes| mistakes.into_compile_error()).into()
}
