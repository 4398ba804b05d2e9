//! A webhook that says that a permission was revoked stops the account's reads, once, and not those of a
//! token that came after it.

use cekbrand_schema::Lane;
use cekbrand_workers::land::decode::Incoming;
use jiff_sqlx::ToSqlx;

use super::{ACCOUNT, Bench, at, record_of};

const PERSON: &str = "60000000000000007";

/// An account with a token of a certain age, and a read that is due.
async fn watched(token_since: i64) -> Bench {
    let bench = Bench::new(Lane::Control).await;
    for sql in [
        "INSERT INTO pipeline.account (account_id, login, added_at) VALUES ($1, 'facebook', $2)",
        "INSERT INTO instagram.instagram_tokens (user_id, token, flavour, updated_timestamp)
            VALUES ($1, 'v1.sealed', 'facebook', $2)",
        "INSERT INTO pipeline.enrichment_task (kind, target_id, account_id, lane, due_at, wanted_at, created_at, state)
            VALUES ('user', $1, $1, 2, $2, $2, $2, 'waiting')",
    ] {
        let since = at(token_since).to_sqlx();
        sqlx::query(sql).bind(ACCOUNT).bind(since).execute(&bench.pool()).await.unwrap();
    }
    bench
}

fn change(offset: i64, verb: &str, targets: &str) -> Incoming {
    let value = format!(r#"{{"verb":"{verb}","target_ids":[{targets}]}}"#);
    record_of("permissions", (0, offset), PERSON, "instagram_manage_comments", &value, offset)
}

async fn stands(bench: &Bench) -> (String, i64) {
    let state = "SELECT state FROM pipeline.enrichment_task";
    let state = sqlx::query_scalar(state).fetch_one(&bench.pool()).await.unwrap();
    let alerts = "SELECT count(*) FROM pipeline.operator_alert WHERE kind = 'permission_missing' AND resolved_at IS NULL";
    (state, sqlx::query_scalar(alerts).fetch_one(&bench.pool()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_permission_parks_the_accounts_reads_with_one_alert() {
    let bench = watched(0).await;
    let account = format!("\"{ACCOUNT}\"");
    bench.land(&[change(0, "granted", &account), change(1, "revoked", "\"99\"")]).await;
    assert_eq!(stands(&bench).await, ("waiting".to_owned(), 0), "nothing of this account was revoked");
    let again = format!("{account}, \"5\"");
    bench.land(&[change(2, "revoked", &account), change(3, "revoked", &again)]).await;
    assert_eq!(stands(&bench).await, ("parked".to_owned(), 1));
    assert_eq!(bench.count("event").await, 4, "what came is kept all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_came_after_the_webhook_is_another_one() {
    let bench = watched(500).await;
    bench.land(&[change(0, "revoked", &format!("\"{ACCOUNT}\""))]).await;
    assert_eq!(stands(&bench).await, ("waiting".to_owned(), 0));
}
