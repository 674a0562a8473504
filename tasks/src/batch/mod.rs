//! Items that are worked on together.
