//! `derive(Parameters)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, LitStr, Result, Type};

use crate::attributes::{Attributes, When, summary};
use crate::domain::Domain;
use crate::kind::Kind;
use crate::near::meant;

struct Parameter<'i> {
    field: &'i Ident,
    ty: &'i Type,
    name: String,
    summary: String,
    domain: Domain,
    shapes_state: bool,
    when: Option<When>,
}

impl<'i> Parameter<'i> {
    fn of(field: &'i Field, ident: &'i Ident) -> Result<Self> {
        let name = ident.unraw().to_string();
        let given = Attributes::read(&field.attrs)?;
        let kind = Kind::of(&field.ty, &given)?;
        let domain = Domain::of(&name, ident.span(), kind, &given)?;
        let summary = summary(&field.attrs);
        if summary.is_empty() {
            let message = format!("`{name}` has no doc comment: say what it is, for whoever sets it");
            return Err(Error::new(ident.span(), message));
        }
        let shapes_state = given.shapes_state.is_some();
        Ok(Self { field: ident, ty: &field.ty, name, summary, domain, shapes_state, when: given.when })
    }

    /// What the descriptor says of it.
    fn described(&self) -> TokenStream {
        let parameter = self.domain.parameter(&self.name, &self.summary, self.ty);
        let shapes_state = self.shapes_state.then(|| quote!(.shapes_state()));
        let when = self.when.as_ref().map(|When { parameter, values }| {
            let parameter = parameter.unraw().to_string();
            quote!(.when(#parameter, &[#(#values),*]))
        });
        quote!(#parameter #shapes_state #when)
    }
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let all = parameters(input)?;
    conditions(&all)?;
    let ident = &input.ident;
    let described = all.iter().map(Parameter::described);
    let assertions = all.iter().map(|parameter| parameter.domain.assertions(parameter.ty));
    let fields: Vec<_> = all.iter().map(|parameter| parameter.field).collect();
    let names = all.iter().map(|parameter| &parameter.name);
    let values = all.iter().map(|parameter| parameter.domain.value(parameter.ty));
    Ok(quote! {
        #(#assertions)*

        #[automatically_derived]
        impl ::greenroom_sdk::Parameters for #ident {
            fn parameters() -> ::std::vec::Vec<::greenroom_sdk::Parameter> {
                ::std::vec![#(#described),*]
            }

            fn from_params(
                params: &::greenroom_sdk::Params,
            ) -> ::core::result::Result<Self, ::greenroom_sdk::Fault> {
                ::core::result::Result::Ok(Self {
                    #(#fields: ::greenroom_sdk::FromParam::from_param(params, #names)?,)*
                })
            }
        }

        #[automatically_derived]
        #[allow(clippy::cast_possible_truncation, clippy::unnecessary_cast)]
        impl ::core::default::Default for #ident {
            fn default() -> Self {
                Self { #(#fields: #values,)* }
            }
        }
    })
}

/// The struct's fields, or all that is wrong with them.
fn parameters(input: &DeriveInput) -> Result<Vec<Parameter<'_>>> {
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            _ => return Err(Error::new_spanned(&input.ident, "expected fields with names: each is a parameter")),
        },
        _ => {
            return Err(Error::new_spanned(
                &input.ident,
                "parameters are a struct; the names of one of them are an enum with derive(Choice)",
            ));
        }
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &input.generics,
            "parameters have types that are known, so there is nothing generic about them",
        ));
    }
    let mut mistakes: Option<Error> = None;
    let mut all = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        match Parameter::of(field, ident) {
            Ok(parameter) => all.push(parameter),
            Err(error) => match &mut mistakes {
                Some(mistakes) => mistakes.combine(error),
                None => mistakes = Some(error),
            },
        }
    }
    mistakes.map_or(Ok(all), Err)
}

/// That each `when` names another parameter, and values that it may have.
fn conditions(all: &[Parameter<'_>]) -> Result<()> {
    for parameter in all {
        let Some(When { parameter: other, values }) = &parameter.when else { continue };
        let name = other.unraw().to_string();
        let names = || all.iter().filter(|one| one.name != parameter.name).map(|one| one.name.as_str());
        let Some(found) = all.iter().find(|one| one.name == name && one.name != parameter.name) else {
            return Err(Error::new(other.span(), format!("`{name}` is no other parameter{}", meant(&name, names()))));
        };
        let Some(known) = found.domain.names() else { continue };
        let stranger = |value: &&LitStr| !known.contains(&value.value());
        if let Some(value) = values.iter().find(stranger) {
            let (text, known) = (value.value(), known.join(", "));
            return Err(Error::new(value.span(), format!("`{name}` is never {text:?}, expected {known}")));
        }
    }
    Ok(())
}
