//! What reading the bundled model costs: time, and memory as Linux counts it.

use std::time::Instant;

use cekbrand_sentiment::Model;

use crate::data;

/// Prints the time to the first score and the growth of resident memory, which takes in the pages of the
/// weights.
pub(crate) fn print() -> Result<(), String> {
    let before = resident_kib()?;
    let start = Instant::now();
    let model = Model::bundled();
    let elapsed = start.elapsed();
    for example in crate::corpus::acceptance()? {
        model.explain(&example.text);
    }
    let forms = model.lexicon().len();
    println!(
        "read in {elapsed:.1?}, {} KiB more resident, {forms} forms",
        resident_kib()?.saturating_sub(before)
    );
    Ok(())
}

fn resident_kib() -> Result<u64, String> {
    let status = data::read("/proc/self/status".as_ref())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).ok_or_else(|| "no VmRSS".into())
}
