//! Names of things.
