//! The locks and atomics by which threads meet. The crate `models` puts others in their place, which
//! try the orders in which threads can meet.

#[cfg(not(steadfast_models))]
pub(crate) use std::{
    sync::{Mutex, MutexGuard, atomic},
    thread_local,
};

#[cfg(steadfast_models)]
pub(crate) use shuttle::{
    sync::{Mutex, MutexGuard, atomic},
    thread_local,
};
