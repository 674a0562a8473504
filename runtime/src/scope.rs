//! Where a policy's state is looked for. Outside of tests it is where the policy is.

/// A policy of the same settings, with a state of its own.
pub(crate) trait Fresh: Sized + 'static {
    /// The same settings, and a state as at the program's start.
    fn fresh(&self) -> Self;
}

/// The policy whose state this call uses. Everything that reads or changes state asks here first.
#[inline(always)]
pub(crate) fn here<P: Fresh>(policy: &P) -> &P {
    policy
}
