//! Named places where a test stops a worker, to see what is left of it: `land.before_commit`,
//! `land.after_commit`, `enrich.after_call`. In no release build.

use std::sync::Once;

/// Takes fail points from the environment variable `FAILPOINTS`, once for the process.
pub(crate) fn arm() {
    static ARMED: Once = Once::new();
    // Dropping the scenario would disarm them again.
    ARMED.call_once(|| std::mem::forget(fail::FailScenario::setup()));
}

/// What a fail point does: leaves a mark, and goes no further until the process is killed. The mark is a
/// file's path, as in `FAILPOINTS='land.before_commit=9*off->return(/tmp/reached)'`.
pub(crate) fn stop_here<T>(mark: Option<String>) -> Result<T, sqlx::Error> {
    if let Some(path) = mark {
        std::fs::write(path, "")?;
    }
    loop {
        std::thread::park();
    }
}
