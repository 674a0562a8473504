//! Workers over a bounded queue.
