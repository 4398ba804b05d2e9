//! What a look at a token finds that a person has to know: an alert is raised, or ended where it was mended.

use cekbrand_graph::management::{permission, subscription};
use cekbrand_graph::{Flavour, GraphError};
use jiff::Timestamp;
use sqlx::PgConnection;

use super::store::alert::{self, Alert, AlertKind};
use super::store::upkeep;
use crate::tasks;

/// What a token may not do. Where nothing is missing, a stop that a webhook about a revoked permission set is
/// lifted.
///
/// # Errors
/// Whatever keeps the statements from running.
pub(super) async fn permissions(
    conn: &mut PgConnection,
    account_id: &str,
    flavour: Flavour,
    scopes: &[String],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let missing = permission::missing(flavour, scopes);
    let lost: Vec<String> = missing
        .iter()
        .filter(|each| each.is_for_reads)
        .map(|each| format!("{} ({})", each.name, each.costs))
        .collect();
    if lost.is_empty() {
        alert::resolve(conn, account_id, &[AlertKind::PermissionMissing], now).await?;
        if upkeep::is_revoked(conn, account_id).await? {
            tasks::unpark(conn, account_id, now).await?;
        }
        return Ok(());
    }
    let detail = format!(
        "the token lacks {}: have the account's owner log in again and grant it, then `cekbrand account token {account_id}`",
        lost.join(", ")
    );
    alert::raise(conn, Alert { account_id, kind: AlertKind::PermissionMissing, detail: &detail }, now).await
}

/// Which webhook fields the account is not subscribed to.
///
/// # Errors
/// Whatever keeps the statements from running.
pub(super) async fn subscription(
    conn: &mut PgConnection,
    account_id: &str,
    flavour: Flavour,
    subscribed: &[String],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let wanted = subscription::fields(flavour).iter();
    let lacking: Vec<&str> =
        wanted.copied().filter(|field| !subscribed.iter().any(|has| has == field)).collect();
    if lacking.is_empty() {
        return alert::resolve(conn, account_id, &[AlertKind::NotSubscribed], now).await;
    }
    let detail = format!(
        "webhooks are not subscribed for the account ({}), and nothing arrives by itself: run `cekbrand subscribe {account_id}`",
        lacking.join(", ")
    );
    alert::raise(conn, Alert { account_id, kind: AlertKind::NotSubscribed, detail: &detail }, now).await
}

/// A token ends soon and was not renewed.
///
/// # Errors
/// Whatever keeps the statement from running.
pub(super) async fn dying(
    conn: &mut PgConnection,
    account_id: &str,
    expires_at: Timestamp,
    error: &GraphError,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let day = expires_at.strftime("%Y-%m-%d");
    let detail = format!(
        "the token ends on {day} and cannot be renewed ({error}): give a new one with `cekbrand account token {account_id}`"
    );
    alert::raise(conn, Alert { account_id, kind: AlertKind::TokenDying, detail: &detail }, now).await
}
