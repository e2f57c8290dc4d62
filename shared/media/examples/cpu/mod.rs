//! What work costs, whatever else the machine does meanwhile.

use std::error::Error;

/// CPU seconds, user and system, of this process and of those it has waited for, from `/proc/self/stat` (proc(5)),
/// which counts in hundredths.
pub(crate) fn seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/self/stat has another form")?;
    let ticks = fields.split_whitespace().skip(11).take(4).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks as f64 / 100.0)
}
