//! One function in five dresses, to count what each costs. See the README.

pub mod drive;
pub mod subjects;
