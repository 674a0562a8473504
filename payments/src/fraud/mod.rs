//! Rules that look at a payment before it is made.
