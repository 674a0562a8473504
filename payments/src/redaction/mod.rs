//! Card data never reaches a log.
