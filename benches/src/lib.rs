//! The same calls by each of those who offer them, to count what each costs. See the README.

pub mod background;
pub mod drive;
pub mod patterns;
pub mod subjects;
