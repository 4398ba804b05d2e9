//! A person took a permission back: Meta says so by a webhook of its own. The accounts that it concerns are
//! read no further until the token was looked at, which is at once, or a new one comes.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use super::store::alert::{self, Alert, AlertKind};
use super::store::upkeep::{self, Concerned};
use crate::enrich::store::stop;
use crate::tasks::{self, ParkReason, Stop};

/// How long the account is left alone where nobody finds out more.
const STANDS_FOR: Duration = Duration::from_hours(24);

/// A permission that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Which.
    pub permission: String,
    /// Of whom: a person, a page or an account.
    pub subjects: Vec<String>,
    /// When we heard of it.
    pub received_at: Timestamp,
}

impl Revocation {
    /// Reads a change of the object `permissions`; `None` where nothing is revoked.
    pub fn read(subject: &str, field: &str, raw: &str, received_at: Timestamp) -> Option<Self> {
        let value: Value = serde_json::from_str(raw).ok()?;
        let verb = value.get("verb").and_then(Value::as_str).or_else(|| value.as_str())?;
        if !verb.eq_ignore_ascii_case("revoked") {
            return None;
        }
        let targets = value.get("target_ids").and_then(Value::as_array).into_iter().flatten();
        let text = |id: &Value| id.as_str().map(str::to_owned).or_else(|| Some(id.as_u64()?.to_string()));
        let mut subjects: Vec<String> = targets.filter_map(text).collect();
        subjects.push(subject.to_owned());
        subjects.retain(|subject| !subject.is_empty() && subject != "0");
        Some(Self { permission: field.to_owned(), subjects, received_at })
    }
}

/// Stops the reads of the accounts that a revocation concerns, with one alert for each.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn apply(
    conn: &mut PgConnection,
    revocation: &Revocation,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let concerned = upkeep::concerned(conn, &revocation.subjects, revocation.received_at).await?;
    for Concerned { account_id, sealed } in concerned {
        let until = now.checked_add(STANDS_FOR).unwrap_or(Timestamp::MAX);
        let stop = Stop { account_id: &account_id, kind: None, reason: ParkReason::Permission, until };
        if !stop::set(conn, stop, Some(&sealed), now).await? {
            continue;
        }
        tasks::park_account(conn, stop, now).await?;
        let detail = format!(
            "{} was revoked, and nothing is read for the account: have its owner log in again, then give the new token \
             with `cekbrand account token {account_id}`",
            revocation.permission
        );
        let alert = Alert { account_id: &account_id, kind: AlertKind::PermissionMissing, detail: &detail };
        alert::raise(conn, alert, now).await?;
        upkeep::look_at(conn, &account_id, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Option<Revocation> {
        Revocation::read("7", "instagram_basic", raw, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_what_is_revoked_counts_and_everybody_named_is_concerned() {
        let revoked = read(r#"{"verb":"revoked","target_ids":["178414", 9, null]}"#).unwrap();
        assert_eq!(revoked.subjects, ["178414", "9", "7"]);
        assert_eq!(read(r#""revoked""#).unwrap().subjects, ["7"]);
        for other in [r#"{"verb":"granted","target_ids":["178414"]}"#, "null", "{", r#"{"target_ids":[]}"#] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
