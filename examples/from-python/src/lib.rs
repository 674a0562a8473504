#![doc = include_str!("../../../docs/from-python.md")]
#![forbid(unsafe_code)]
#![allow(
    clippy::needless_doctest_main,
    clippy::test_attr_in_doctest,
    reason = "on the page each example is a whole program, and one shows where tests stand"
)]
