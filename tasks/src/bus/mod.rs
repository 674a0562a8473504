//! Events and who hears of them.
