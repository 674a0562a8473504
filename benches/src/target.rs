//! What was measured, held against what it may be.

/// A figure with a limit.
pub struct Target {
    pub what: String,
    pub is: f64,
    pub may_be: f64,
}

impl Target {
    pub fn is_met(&self) -> bool {
        self.is <= self.may_be
    }
}

pub fn print(targets: &[Target]) {
    println!("\n{:<54} {:>8} {:>8}", "target", "is", "may be");
    for target in targets {
        let verdict = if target.is_met() { "ok" } else { "OVER" };
        println!("{:<54} {:>8.3} {:>8.2}  {verdict}", target.what, target.is, target.may_be);
    }
}
