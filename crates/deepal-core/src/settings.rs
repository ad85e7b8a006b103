//! Settings of strategies and nets: a typed struct for each, described in one place, and [`Spec`], a name with settings as a user
//! writes it: `bald(passes=50)`.
//!
//! ```
//! use deepal_core::{Signal, strategy};
//!
//! assert_eq!(strategy::build("bald(passes=50)")?.needs(), [Signal::McProbs { passes: 50, shared: false }]);
//! let error = strategy::build("bald(pases=50)").err().unwrap().to_string();
//! assert!(error.contains("did you mean `passes`?"), "{error}");
//! # Ok::<(), deepal_core::Error>(())
//! ```

use crate::error::{Error, Result, hint};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, a word, true or false")]
pub enum Value {
    /// `true` or `false`
    Bool(bool),
    /// A whole number
    Integer(i64),
    /// Any number
    Number(f64),
    /// A word
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

impl From<&str> for Value {
    /// What a user wrote: a number where it is one.
    fn from(text: &str) -> Self {
        if let Ok(value) = text.parse() {
            Self::Bool(value)
        } else if let Ok(value) = text.parse() {
            Self::Integer(value)
        } else if let Ok(value) = text.parse() {
            Self::Number(value)
        } else {
            Self::Text(text.into())
        }
    }
}

/// What a setting may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// A whole number, the least and the greatest
    Integer(i64, i64),
    /// A number from the least to the greatest
    Number(f64, f64),
    /// A number above 0, at most so much
    Positive(f64),
}

impl Range {
    fn contains(self, value: &Value) -> bool {
        let number = match value {
            Value::Integer(value) => *value as f64,
            Value::Number(value) => *value,
            Value::Bool(_) | Value::Text(_) => return false,
        };
        match (self, value) {
            (Self::Integer(least, most), Value::Integer(value)) => (least..=most).contains(value),
            (Self::Integer(..), _) => false,
            (Self::Number(least, most), _) => (least..=most).contains(&number),
            (Self::Positive(most), _) => number > 0.0 && number <= most,
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Number(least, most) => write!(f, "a number from {least} to {most}"),
            Self::Positive(most) => write!(f, "a number above 0, at most {most}"),
        }
    }
}

/// A setting: its name, default, range, meaning and source.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// Its default.
    pub default: fn() -> Value,
    /// What it may be.
    pub range: Range,
    /// Where the default is from.
    pub source: &'static str,
}

/// A type whose fields are settings; [`settings!`](macro@crate::settings) makes one.
pub trait Settings: Default + Send + Sync + 'static {
    /// Its settings, in the order of its fields.
    const SETTINGS: &'static [Setting];

    /// The value of a setting; `None` for another name.
    fn get(&self, name: &str) -> Option<Value>;

    /// Changes a setting to a value in its range; other names and values change nothing.
    fn set(&mut self, name: &str, value: &Value);

    /// The defaults with what is given put over them. `what` it is of, such as "strategy `bald`", is for the error.
    ///
    /// # Errors
    /// A name that is no setting, or a value out of range.
    fn from_given(what: &str, given: &Given) -> Result<Self> {
        check(what, Self::SETTINGS, given)?;
        let mut settings = Self::default();
        given.iter().for_each(|(name, value)| settings.set(name, value));
        Ok(settings)
    }
}

/// Settings by name, as a user gave them.
pub type Given = BTreeMap<String, Value>;

/// Checks given settings.
///
/// # Errors
/// A name that is no setting, or a value out of range.
pub fn check(what: &str, settings: &[Setting], given: &Given) -> Result<()> {
    for (name, value) in given {
        let known = settings.iter().map(|setting| setting.name).collect::<Vec<_>>();
        let Some(setting) = settings.iter().find(|setting| setting.name == name) else {
            let has = match known.as_slice() {
                [] => "it has none".to_owned(),
                known => format!("it has {}", known.join(", ")),
            };
            let why = format!("has no setting `{name}`{}; {has}", hint(name, &known));
            return Err(Error::Setting { what: what.into(), why });
        };
        if !setting.range.contains(value) {
            let why = format!("must be {}, got {value}", setting.range);
            return Err(Error::Setting { what: format!("{what}: `{name}`"), why });
        }
    }
    Ok(())
}

/// A strategy or net as a user names it: a name, and settings that differ from the defaults.
///
/// As text `head` or `head(dropout=0.2, width=64)`; in TOML `"head"` or `{ name = "head", width = 64 }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// Its settings.
    pub settings: Given,
}

/// A [`Spec`] in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a name, or a table with `name` and settings")]
enum Written {
    Name(String),
    Full {
        name: String,
        #[serde(flatten)]
        settings: Given,
    },
}

impl From<Spec> for Written {
    fn from(Spec { name, settings }: Spec) -> Self {
        if settings.is_empty() { Self::Name(name) } else { Self::Full { name, settings } }
    }
}

impl TryFrom<Written> for Spec {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        match written {
            Written::Name(text) => text.parse(),
            Written::Full { name, settings } => Ok(Self { name, settings }),
        }
    }
}

impl From<&str> for Spec {
    /// A bare name.
    fn from(name: &str) -> Self {
        Self { name: name.into(), settings: Given::new() }
    }
}

/// Whether two names are the same but for upper case and what is no letter or digit: `k-center`, `K_Center` and `kcenter`.
pub fn is_same_name(a: &str, b: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = char> {
        name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
    }
    letters(a).eq(letters(b))
}

impl FromStr for Spec {
    type Err = Error;

    /// `name` or `name(setting=value, ...)`.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::Setting {
            what: format!("`{text}`"),
            why: format!("{why}; write a name, or a name with settings such as `bald(passes=50)`"),
        };
        let text = text.trim();
        let Some((name, rest)) = text.split_once('(') else {
            return if text.contains(')') { Err(wrong("has a `)` without `(`")) } else { Ok(text.into()) };
        };
        let inner = rest.strip_suffix(')').ok_or_else(|| wrong("has no `)` at its end"))?;
        let mut settings = Given::new();
        for part in inner.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| wrong(&format!("has `{part}`, which is no `setting=value`")))?;
            if settings.insert(name.trim().into(), Value::from(value.trim())).is_some() {
                return Err(wrong(&format!("has `{}` twice", name.trim())));
            }
        }
        Ok(Self { name: name.trim().into(), settings })
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.settings.is_empty() {
            return Ok(());
        }
        let settings = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        write!(f, "({})", settings.collect::<Vec<_>>().join(","))
    }
}

impl Spec {
    /// Names with settings, separated by commas outside brackets.
    ///
    /// # Errors
    /// Text that is no list of them.
    ///
    /// ```
    /// use deepal_core::Spec;
    ///
    /// let specs = Spec::list("bald(passes=5), head(width=9,dropout=0.1),margin")?;
    /// assert_eq!(specs.iter().map(Spec::to_string).collect::<Vec<_>>(), ["bald(passes=5)", "head(dropout=0.1,width=9)", "margin"]);
    /// # Ok::<(), deepal_core::Error>(())
    /// ```
    pub fn list(text: &str) -> Result<Vec<Self>> {
        let mut depth = 0;
        let parts = text.split(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            letter == ',' && depth == 0
        });
        parts.map(str::parse).collect()
    }

    /// The same with what it is called in a list, and without the settings that are the defaults.
    #[must_use]
    pub fn canonical(&self, name: &str, settings: &[Setting]) -> Self {
        let differs = |name: &String, value: &Value| {
            let setting = settings.iter().find(|setting| setting.name == name);
            setting.is_none_or(|setting| !same((setting.default)(), value))
        };
        let plain = |(name, value): (&String, &Value)| {
            let setting = settings.iter().find(|setting| setting.name == name);
            let value = match (setting.map(|setting| setting.range), value) {
                (Some(Range::Number(..) | Range::Positive(_)), Value::Integer(whole)) => {
                    Value::Number(*whole as f64)
                }
                (_, value) => value.clone(),
            };
            (name.clone(), value)
        };
        let given = self.settings.iter().filter(|(name, value)| differs(name, value));
        Self { name: name.into(), settings: given.map(plain).collect() }
    }
}

/// Whether two values mean the same: `1` is `1.0`.
fn same(default: Value, given: &Value) -> bool {
    match (&default, given) {
        (Value::Number(a), Value::Integer(b)) => *a == *b as f64,
        (a, b) => a == b,
    }
}

/// A type that can be the field of [`settings!`](macro@crate::settings).
pub trait Field: Sized {
    /// As a value.
    fn to_value(&self) -> Value;
    /// From a value of the field's range.
    fn from_value(value: &Value) -> Option<Self>;
}

impl Field for usize {
    fn to_value(&self) -> Value {
        Value::Integer(*self as i64)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Integer(value) = value { usize::try_from(*value).ok() } else { None }
    }
}

impl Field for f64 {
    fn to_value(&self) -> Value {
        Value::Number(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Number(value) => Some(*value),
            Value::Integer(value) => Some(*value as f64),
            _ => None,
        }
    }
}

/// A public type of settings: a struct whose fields have a meaning, a default, a range and a source, written once.
///
/// ```
/// use deepal_core::settings::{Settings, Value};
///
/// deepal_core::settings! {
///     /// A strategy of mine.
///     pub struct Mine {
///         /// Neighbours that are looked at.
///         neighbors: usize = 5, Integer(1, 100), "a guess";
///     }
/// }
///
/// assert_eq!(Mine { neighbors: 7 }.get("neighbors"), Some(Value::Integer(7)));
/// assert!(Mine::from_given("mine", &[("neighbors".into(), Value::Integer(0))].into()).is_err());
/// ```
#[macro_export]
macro_rules! settings {
    ($(#[$doc:meta])* $vis:vis struct $Name:ident {
        $( #[doc = $about:literal] $field:ident: $Type:ty = $default:expr, $range:ident($($bound:expr),+), $source:literal; )*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        $vis struct $Name {
            $( #[doc = $about] pub $field: $Type, )*
        }

        impl Default for $Name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $crate::settings::Settings for $Name {
            const SETTINGS: &'static [$crate::settings::Setting] = &[ $( $crate::settings::Setting {
                name: stringify!($field),
                about: $about.trim_ascii(),
                default: || $crate::settings::Field::to_value(&<$Name>::default().$field),
                range: $crate::settings::Range::$range($($bound),+),
                source: $source,
            }, )* ];

            #[allow(unused_variables, reason = "some have no setting")]
            fn get(&self, name: &str) -> Option<$crate::settings::Value> {
                $( if name == stringify!($field) {
                    return Some($crate::settings::Field::to_value(&self.$field));
                } )*
                None
            }

            #[allow(unused_variables, reason = "some have no setting")]
            fn set(&mut self, name: &str, value: &$crate::settings::Value) {
                $( if name == stringify!($field)
                    && let Some(value) = $crate::settings::Field::from_value(value) {
                    self.$field = value;
                } )*
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::settings! {
        /// For the tests.
        struct Sample {
            /// A count.
            count: usize = 3, Integer(1, 10), "a test";
            /// A share.
            share: f64 = 0.5, Number(0.0, 1.0), "a test";
        }
    }

    fn given(text: &str) -> Given {
        format!("sample({text})").parse::<Spec>().unwrap().settings
    }

    #[test]
    fn what_is_given_is_put_over_the_defaults() {
        let sample = Sample::from_given("sample", &given("share=1")).unwrap();
        assert_eq!(sample, Sample { count: 3, share: 1.0 });
        assert_eq!((sample.get("share"), sample.get("x")), (Some(Value::Number(1.0)), None));
    }

    #[test]
    fn wrong_names_and_values_are_explained() {
        let refused = |text| Sample::from_given("net `sample`", &given(text)).unwrap_err().to_string();
        assert_eq!(
            refused("cout=1"),
            "net `sample` has no setting `cout`, did you mean `count`?; it has count, share"
        );
        assert_eq!(refused("count=0"), "net `sample`: `count` must be a whole number from 1 to 10, got 0");
        assert!(refused("count=1.5").ends_with("got 1.5"));
        assert!(refused("share=many").contains("a number from 0 to 1"));
        assert!(refused("share=nan").contains("a number from 0 to 1"));
    }

    #[test]
    fn text_that_is_no_name_with_settings_is_explained() {
        for text in ["a(", "a)", "a(b)", "a(b=1", "a(b=1,b=2)"] {
            assert!(text.parse::<Spec>().unwrap_err().to_string().contains("`bald(passes=50)`"), "{text}");
        }
    }

    #[test]
    fn defaults_are_left_out_of_the_canonical_form() {
        let spec = "Sample(share=0.5, count=4)".parse::<Spec>().unwrap();
        assert_eq!(spec.canonical("sample", Sample::SETTINGS).to_string(), "sample(count=4)");
    }
}
