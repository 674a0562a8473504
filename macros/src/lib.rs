//! The attributes of steadfast.
