//! What remote services were used for, whatever came of it: they are paid for what they did.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{cost::Spent, prices::Unit};

/// Counts what the providers of one process use, until somebody takes it down.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Spent>>);

impl Meter {
    /// What was used since the last time. In a function that does one thing at a time that is what this thing used.
    pub fn take(&self) -> Spent {
        // A count is whole whoever died while counting.
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts units of a model or service, by its name in the price list or whatever name it has.
    pub(crate) fn count(&self, of: &str, unit: Unit, units: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count(of, unit, units);
    }
}
