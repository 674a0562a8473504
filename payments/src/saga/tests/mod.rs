mod executors;
mod kills;
mod kinds;
mod operators;
mod outer;
mod stories;
mod suite;
mod support;
