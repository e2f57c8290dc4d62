//! A stored plan: no panic, and what is read is read again as the same plan.
#![no_main]

use media::SegmentPlan;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(plan) = SegmentPlan::from_json(bytes)
        && let Ok(json) = serde_json::to_vec(&plan)
    {
        assert!(SegmentPlan::from_json(&json).is_ok());
    }
});
