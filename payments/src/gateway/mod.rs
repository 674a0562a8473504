//! Who moves the money.
