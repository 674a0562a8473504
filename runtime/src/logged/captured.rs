use super::Logged;
use super::show::Shown;
use crate::mask::{MASKED, is_sensitive_name};

/// The arguments of one call, as its event will show them. They are taken when the call begins,
/// for the body may consume them.
pub struct Captured {
    /// Nobody listens when this is `None`.
    shown: Option<Vec<(usize, String)>>,
    names: &'static [&'static str],
}

impl Captured {
    /// Takes what `fill` adds, when somebody listens.
    pub fn new(policy: &'static Logged, fill: impl FnOnce(&mut Self)) -> Self {
        let mut captured = Self { shown: None, names: policy.names };
        if policy.has_listeners() {
            captured.shown = Some(Vec::new());
            fill(&mut captured);
        }
        captured
    }

    /// Adds the value of a name; one that the policy does not know is not shown.
    pub fn add(&mut self, name: &'static str, Shown(text): Shown) {
        let index = self.names.iter().position(|known| *known == name);
        if let (Some(index), Some(shown)) = (index, &mut self.shown) {
            let text = if is_sensitive_name(name) { MASKED.to_owned() } else { text };
            shown.push((index, text));
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.shown.is_some()
    }

    /// Each value with the index of its name.
    pub(super) fn values(&self) -> &[(usize, String)] {
        self.shown.as_deref().unwrap_or_default()
    }
}
