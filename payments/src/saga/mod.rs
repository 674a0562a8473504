//! Several steps in several systems that are all done, or all undone.
