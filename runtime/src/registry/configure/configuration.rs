//! What is written outside of the program: attribute, policy, settings.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::de::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Settings by attribute and policy, from files and from the environment.
///
/// With serde it reads from any format: a map of attributes, each a map of policies, each a map of
/// settings in the attribute's words. Durations are text with a unit. In TOML:
///
/// ```
/// use steadfast::Configuration;
///
/// let file = r#"
///     [circuit_breaker.gateway]
///     recovery_timeout = "10s"
///
///     [idempotent."charges.create"]
///     lease = "90s"
/// "#;
/// let from_file: Configuration = toml::from_str(file)?;
/// let from_environment = Configuration::from_vars("STEADFAST", std::env::vars_os());
///
/// // What is set in both is as the later one says.
/// let configuration = from_file.merge(from_environment);
/// # Ok::<(), toml::de::Error>(())
/// ```
///
/// [`configure`](fn@crate::configure) puts it in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    pub(super) sections: Vec<Section>,
}

/// The settings of one policy, from one source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Section {
    pub(super) attribute: String,
    pub(super) name: String,
    pub(super) settings: Map<String, Value>,
    /// From a variable, whose letters can say less; with the variable's name.
    pub(super) variable: Option<String>,
    /// Why it cannot be read.
    pub(super) unreadable: Option<&'static str>,
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Policies = BTreeMap<String, Map<String, Value>>;
        let attributes = BTreeMap::<String, Policies>::deserialize(deserializer)?;
        let sections = attributes.into_iter().flat_map(|(attribute, policies)| {
            policies.into_iter().map(move |(name, settings)| Section {
                attribute: attribute.clone(),
                name,
                settings,
                variable: None,
                unreadable: None,
            })
        });
        Ok(Self { sections: sections.collect() })
    }
}

impl Configuration {
    /// The settings in variables of the form `PREFIX__ATTRIBUTE__POLICY__SETTING`; others are not
    /// looked at.
    ///
    /// Case does not matter. A policy's name is written with one underscore for whatever is neither
    /// letter nor digit in it: `charges.create` is `CHARGES_CREATE`, `app::cards::charge` is
    /// `APP_CARDS_CHARGE`. `true` and `false` are booleans, what begins with `[` or `{` is JSON, and
    /// all else is text, as which numbers are read too. A variable of that form that says no setting
    /// is an error of [`configure`](fn@crate::configure).
    ///
    /// ```
    /// use steadfast::Configuration;
    ///
    /// let vars = [("STEADFAST__CIRCUIT_BREAKER__GATEWAY__RECOVERY_TIMEOUT", "10s"), ("PATH", "/bin")];
    /// let from_vars = Configuration::from_vars("STEADFAST", vars);
    ///
    /// let json = r#"{"circuit_breaker": {"gateway": {"recovery_timeout": "10s"}}}"#;
    /// let from_file: Configuration = serde_json::from_str(json)?;
    /// assert_eq!((from_vars.len(), from_file.len()), (1, 1));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn from_vars<K, V>(prefix: &str, vars: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let vars = vars.into_iter().filter_map(|(name, value)| Some((name.into().into_string().ok()?, value.into())));
        let mut sections: Vec<_> = vars.filter_map(|(name, value)| Section::of_var(prefix, &name, value)).collect();
        // The environment has no order, and the same must come of it each time.
        sections.sort_by(|a, b| a.variable.cmp(&b.variable));
        Self { sections }
    }

    /// This and then `later`: what both set is as `later` says.
    ///
    /// See [`Configuration`] for an example.
    #[must_use]
    pub fn merge(mut self, later: Self) -> Self {
        self.sections.extend(later.sections);
        self
    }

    /// How many sections it has: one for each policy of a file, one for each variable.
    ///
    /// See [`from_vars`](Self::from_vars) for an example.
    pub fn len(&self) -> usize {
        self.sections.len()
    }

    /// Whether it sets nothing.
    ///
    /// ```
    /// assert!(steadfast::Configuration::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }
}

impl Section {
    fn of_var(prefix: &str, variable: &str, value: OsString) -> Option<Self> {
        let lower = variable.to_lowercase();
        let rest = lower.strip_prefix(&prefix.to_lowercase())?.strip_prefix("__")?;
        let mut section = Self {
            attribute: String::new(),
            name: String::new(),
            settings: Map::new(),
            variable: Some(variable.to_owned()),
            unreadable: None,
        };
        let parts: Vec<_> = rest.split("__").collect();
        match (parts.as_slice(), value.into_string().ok().map(|text| read(&text))) {
            ([attribute, name, setting], Some(Ok(value))) if parts.iter().all(|part| !part.is_empty()) => {
                (section.attribute, section.name) = ((*attribute).to_owned(), (*name).to_owned());
                section.settings.insert((*setting).to_owned(), value);
            }
            ([_, _, _], None) => section.unreadable = Some("its value is no text"),
            ([_, _, _], Some(Err(_))) => section.unreadable = Some("its value begins as JSON, and is none"),
            _ => {
                section.unreadable = Some(
                    "names no setting: write prefix, attribute, policy and setting, with two underscores between them",
                )
            }
        }
        Some(section)
    }
}

fn read(text: &str) -> serde_json::Result<Value> {
    match text.trim() {
        json if json.starts_with(['[', '{']) || json == "true" || json == "false" => serde_json::from_str(json),
        _ => Ok(Value::from(text)),
    }
}
