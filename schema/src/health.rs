//! Readiness: each role can say whether it makes progress, and if not, why.

use std::sync::Arc;

/// Asks a role whether it is ready. `Err` holds one sentence saying what does not move.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;
