//! `cekbrand account list` and `show`: for each kind of read when it was done, when it is due, or why not.

use anyhow::{Context, Result, bail};
use cekbrand_graph::Flavour;
use cekbrand_graph::management::permission;
use cekbrand_workers::reads;
use cekbrand_workers::token::store::alert::{self, OpenAlert};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::store::accounts::{self, AccountRow, ReadRow};

/// Lists all accounts.
pub(super) async fn list(pool: &PgPool, json: bool) -> Result<()> {
    let rows = accounts::list(pool, None).await.context("accounts cannot be read")?;
    if json {
        println!("{}", Value::from(rows.iter().map(account_json).collect::<Vec<_>>()));
        return Ok(());
    }
    println!("{:<20} {:<24} {:<10} {:<8} TOKEN", "ID", "USERNAME", "LOGIN", "WATCHED");
    for row in &rows {
        let watched = if row.removed_at.is_none() { "yes" } else { "no" };
        let username = row.username.as_deref().unwrap_or("-");
        println!(
            "{:<20} {username:<24} {:<10} {watched:<8} {}",
            row.account_id,
            row.login,
            describe_token(row)
        );
    }
    Ok(())
}

/// Shows one account.
pub(super) async fn show(pool: &PgPool, id: &str, json: bool) -> Result<()> {
    let mut rows = accounts::list(pool, Some(id)).await.context("the account cannot be read")?;
    let Some(row) = rows.pop() else {
        bail!("{id} is not known: `cekbrand account list` shows who is");
    };
    let kinds = reads::names();
    let reads = accounts::reads(pool, id, &kinds).await.context("its reads cannot be read")?;
    let mut connection = pool.acquire().await.context("its alerts cannot be read")?;
    let alerts = alert::open(&mut connection, Some(id)).await.context("its alerts cannot be read")?;
    if json {
        println!("{}", shown_json(&row, &reads, &alerts));
    } else {
        print(&row, &reads, &alerts);
    }
    Ok(())
}

fn print(row: &AccountRow, reads: &[ReadRow], alerts: &[OpenAlert]) {
    println!("id        {}", row.account_id);
    if let Some(scoped) = &row.app_scoped_id {
        println!("other id  {scoped} (what Instagram Login calls it)");
    }
    println!("username  {}", row.username.as_deref().unwrap_or("(not read yet)"));
    println!("login     {}", row.login);
    println!("app       {}", if row.app_id.is_empty() { "(none)" } else { &row.app_id });
    println!("added     {}", row.added_at.to_jiff());
    if let Some(removed_at) = row.removed_at {
        println!("removed   {}", removed_at.to_jiff());
    }
    println!("token     {}", describe_token(row));
    for missing in missing(row) {
        println!("lacks     {missing}");
    }
    if let Some(until) = row.blocked_until {
        println!(
            "blocked   until {} ({})",
            until.to_jiff(),
            row.block_reason.as_deref().unwrap_or("throttled")
        );
    }
    for alert in alerts {
        println!("alert     {} since {}: {}", alert.kind, alert.raised_at.to_jiff(), alert.detail);
    }
    println!("\n{:<20} {:<22} {:<22} WHY NOT", "READS", "LAST DONE", "NEXT DUE");
    for read in reads {
        let at = |at: Option<jiff_sqlx::Timestamp>| {
            at.map_or("-".to_owned(), |at| at.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        let why = why_not(read).unwrap_or_default();
        println!("{:<20} {:<22} {:<22} {why}", read.kind, at(read.last_done), at(read.next_due));
    }
}

/// Why nothing of a kind is due: `None` where something is.
fn why_not(read: &ReadRow) -> Option<String> {
    if let (Some(reason), Some(until)) = (&read.reason, read.until) {
        let count = read.parked;
        let error = read.last_error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
        return Some(format!("{count} parked, {reason} until {}{error}", until.to_jiff()));
    }
    if read.next_due.is_some() {
        return None;
    }
    Some(match read.tasks {
        0 => "nothing has asked for it yet".to_owned(),
        _ => "done; nothing has asked for it again".to_owned(),
    })
}

fn missing(row: &AccountRow) -> Vec<String> {
    let flavour: Flavour = row.login.parse().unwrap_or_default();
    let told = row.scopes.as_ref().filter(|scopes| !scopes.is_empty());
    let missing = told.map(|scopes| permission::missing(flavour, scopes)).unwrap_or_default();
    missing.iter().map(|each| format!("{}: {}", each.name, each.costs)).collect()
}

fn account_json(row: &AccountRow) -> Value {
    let at = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    json!({
        "id": row.account_id, "app_scoped_id": row.app_scoped_id, "username": row.username, "login": row.login,
        "app_id": row.app_id, "added_at": row.added_at.to_jiff(), "removed_at": at(row.removed_at),
        "token": {
            "state": row.token_state.as_deref().unwrap_or("none"), "dead_reason": row.dead_reason,
            "expires_at": at(row.token_expires_at), "checked_at": at(row.checked_at), "lacks": missing(row),
        },
        "blocked_until": at(row.blocked_until),
    })
}

fn shown_json(row: &AccountRow, reads: &[ReadRow], alerts: &[OpenAlert]) -> Value {
    let at = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let mut shown = account_json(row);
    let reads = reads.iter().map(|read| {
        json!({
            "kind": read.kind, "last_done": at(read.last_done), "next_due": at(read.next_due),
            "why_not": why_not(read), "reason": read.reason, "until": at(read.until), "tasks": read.tasks,
        })
    });
    shown["reads"] = reads.collect();
    let alerts = alerts.iter().map(
        |alert| json!({ "kind": alert.kind, "detail": alert.detail, "raised_at": alert.raised_at.to_jiff() }),
    );
    shown["alerts"] = alerts.collect();
    shown
}

fn describe_token(row: &AccountRow) -> String {
    match (row.token_state.as_deref(), &row.dead_reason, row.token_expires_at) {
        (None, ..) => "none".to_owned(),
        (Some(state), Some(reason), _) => format!("{state}: {reason}"),
        (Some(state), None, Some(until)) => format!("{state} until {}", until.to_jiff().strftime("%Y-%m-%d")),
        (Some(state), None, None) => state.to_owned(),
    }
}
