//! What several steps of the pipeline share.

pub mod outputs;
pub mod providers;
pub mod source;
