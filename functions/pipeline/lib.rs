//! What several steps of the pipeline share, and who asks about its results too: the providers.

pub mod earlier;
pub mod outputs;
pub mod providers;
pub mod shards;
pub mod source;
pub mod vectors;
