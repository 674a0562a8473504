//! What the expansion calls.
