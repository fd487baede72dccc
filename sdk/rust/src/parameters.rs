//! Parameters as the fields of a struct: see [`macro@Parameters`].

use std::collections::BTreeMap;

use crate::{Descriptor, Fault, ParamValue, Parameter, Params};

/// Names of parameters, as an enum.
///
/// ```
/// use greenroom_sdk::Choice;
///
/// #[derive(Choice, Debug, PartialEq)]
/// enum Method {
///     Weighted,
///     #[choice("rrf")]
///     ReciprocalRanks,
/// }
/// assert_eq!(Method::NAMES, ["weighted", "rrf"]);
/// assert_eq!(Method::named("rrf"), Some(Method::ReciprocalRanks));
/// ```
pub use greenroom_sdk_derive::Choice;
/// Parameters as the fields of a struct, their ranges beside them.
///
/// A field's doc comment is what the operator reads of it. `#[parameter(...)]` takes `low`, `high` and `default` for
/// numbers; `default` for a bool; `options` and `default` for a String; `default` for an enum that derives [`Choice`];
/// `items` for a `Vec<u32>` and `numbers` for a `BTreeMap<String, f64>`, which are empty when nothing is given. Any may say
/// `log` (its order of magnitude matters), `shapes_state` (a change needs a new state) and `when(other = ["a"])` (it
/// matters only then). What is said wrong does not compile.
///
/// ```
/// use greenroom_sdk::{Choice, Params, Parameters, Role, describe};
///
/// #[derive(Parameters)]
/// struct Settings {
///     /// how much newer items are preferred
///     #[parameter(low = 0.0, high = 1.0, default = 0.1)]
///     strength: f32,
///     /// how many neighbours are kept
///     #[parameter(low = 1, high = 500, default = 60, log, shapes_state)]
///     neighbours: u32,
///     /// how sources are merged
///     #[parameter(default = "weighted")]
///     method: Method,
///     /// what a rank counts
///     #[parameter(low = 1.0, high = 100.0, default = 60.0, when(method = ["ranks"]))]
///     k: f64,
///     /// what is always shown
///     #[parameter(items)]
///     pinned: Vec<u32>,
/// }
///
/// #[derive(Choice)]
/// enum Method {
///     Weighted,
///     Ranks,
/// }
///
/// let described = describe("mine", "0.1.0", Role::Fusion, "an example").parameters::<Settings>();
/// assert_eq!(described.parameters.len(), 5);
/// let given = Params::defaults(&described).with("strength", 0.5);
/// let settings = Settings::from_params(&given)?;
/// assert_eq!((settings.strength, settings.neighbours), (0.5, 60));
/// # Ok::<(), greenroom_sdk::Fault>(())
/// ```
pub use greenroom_sdk_derive::Parameters;

/// What [`macro@Parameters`] derives. `Default` is derived too, of the defaults.
pub trait Parameters: Sized {
    /// What a descriptor says of them, in the order of the fields.
    fn parameters() -> Vec<Parameter>;

    /// Reads what `configure` got.
    ///
    /// # Errors
    /// `InvalidParameters`, which names the parameter, what was expected and what was found.
    fn from_params(params: &Params) -> Result<Self, Fault>;
}

impl Descriptor {
    /// Adds all parameters of a struct.
    #[must_use]
    pub fn parameters<P: Parameters>(mut self) -> Self {
        self.parameters.extend(P::parameters());
        self
    }
}

/// What [`macro@Choice`] derives.
pub trait Choice: Sized + 'static {
    /// All names, in the order of the variants.
    const NAMES: &'static [&'static str];

    /// The first of them.
    const FIRST: Self;

    /// The one of that name.
    fn named(name: &str) -> Option<Self>;
}

/// A type that a parameter can be read as. A type of your own that is made of `numbers` implements it.
pub trait FromParam: Sized {
    /// Reads a parameter.
    ///
    /// # Errors
    /// `InvalidParameters`, which names it.
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault>;
}

macro_rules! integers {
    ($($integer:ty),*) => {
        $(impl FromParam for $integer {
            fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
                params.integer(name)
            }
        })*
    };
}

integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

impl FromParam for f64 {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        params.float(name)
    }
}

impl FromParam for f32 {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        #[expect(clippy::cast_possible_truncation, reason = "who takes an f32 wants no more digits")]
        params.float(name).map(|value| value as f32)
    }
}

impl FromParam for bool {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        params.boolean(name)
    }
}

impl FromParam for String {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        params.choice(name).map(ToOwned::to_owned)
    }
}

impl FromParam for Vec<u32> {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        params.items(name)
    }
}

impl FromParam for Vec<f64> {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        match params.numbers(name)? {
            None => Ok(Self::new()),
            Some(ParamValue::Numbers(all)) => Ok(all),
            Some(other) => Params::wrong(name, "a list of numbers", &other),
        }
    }
}

impl FromParam for BTreeMap<String, f64> {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        params.named(name)
    }
}

/// A list or a map, whichever was given.
impl FromParam for Option<ParamValue> {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        params.numbers(name)
    }
}

impl<C: Choice> FromParam for C {
    fn from_param(params: &Params, name: &str) -> Result<Self, Fault> {
        let found = params.choice(name)?;
        C::named(found).ok_or_else(|| {
            let names = C::NAMES.join(", ");
            Fault::invalid_parameters(format!("`{name}` takes one of {names}, not \"{found}\""))
        })
    }
}

/// Whether a name is one of several; at compile time, where texts have no `==` yet.
#[doc(hidden)]
#[must_use]
pub const fn __is_one_of(name: &str, names: &[&str]) -> bool {
    const fn same(a: &[u8], b: &[u8]) -> bool {
        match (a, b) {
            ([], []) => true,
            ([x, a @ ..], [y, b @ ..]) => *x == *y && same(a, b),
            _ => false,
        }
    }
    match names {
        [] => false,
        [first, rest @ ..] => same(name.as_bytes(), first.as_bytes()) || __is_one_of(name, rest),
    }
}
