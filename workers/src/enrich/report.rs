//! What is told of a try when it ended: to metrics always, to the operator where one must act.

use metrics::{Unit, describe_counter};

use super::effects::{Effects, End};
use super::store::Kept;
use crate::tasks::{ParkReason, Task};

const ENDED: &str = "cekbrand_worker_tasks_ended_total";

pub(super) fn describe() {
    describe_counter!(ENDED, Unit::Count, "Tries of Graph reads that ended, by kind and outcome");
}

/// Counts how a try ended, and tells the operator where one must act.
pub(super) fn report(task: &Task, effects: &Effects<'_>, kept: Kept) {
    let end = &effects.end;
    let outcome = match end {
        _ if kept == Kept::LeaseLost => "lease_lost",
        End::Continue => return,
        End::Finish(_) => "done",
        End::Blocked(_) => effects.block.map_or(ParkReason::Throttled, |block| block.reason).as_str(),
        End::Park(park) | End::StopAccount(park) | End::Forbidden(park) => park.reason.as_str(),
    };
    if let End::Blocked(why) = end
        && outcome == ParkReason::AppSettings.as_str()
    {
        tracing::error!(
            why,
            "the app's own settings are refused: check CEKBRAND__META__APP_SECRETS and APP_ID"
        );
    }
    metrics::counter!(ENDED, "kind" => task.key.kind.as_str(), "outcome" => outcome).increment(1);
    if let End::StopAccount(park) | End::Forbidden(park) = end {
        let why = park.note.as_deref().unwrap_or_default();
        tracing::warn!(
            account.id = task.key.account_id, task.kind = %task.key.kind, reason = outcome, until = %park.until, why,
            "reads of an account stop until an operator acts"
        );
    }
}
