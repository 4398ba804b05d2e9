//! Each kind of read, refused in each way: it ends or waits with a reason, nothing is taken for a figure, and
//! nobody asks on and on.

use cekbrand_workers::reads::Kind;
use cekbrand_workers::reads::kind;
use cekbrand_workers::tasks::{NewTask, TaskKey};
use serde_json::{Value, json};

use super::super::canned::Canned;
use super::*;

/// Of what Meta answers: the code, its refinement, its words.
type Refusal = (i64, Option<i64>, &'static str);

/// One of each line of what is known of refusals.
const REFUSALS: [Refusal; 16] = [
    (1, None, "An unknown error occurred"),
    (1, None, "Please reduce the amount of data you're asking for, then retry your request"),
    (2, None, "Service temporarily unavailable"),
    (4, None, "Application request limit reached"),
    (613, None, "Calls to this api have exceeded the rate limit"),
    (80_002, None, "There have been too many calls to this Instagram account"),
    (10, None, "(#10) Not enough viewers for the media to show insights"),
    (10, None, "(#10) Application does not have permission for this action"),
    (200, None, "Permissions error"),
    (100, None, "(#100) Invalid parameter"),
    (100, Some(33), "Unsupported get request. Object does not exist"),
    (100, Some(2_108_006), "Media posted before business account conversion"),
    (190, Some(463), "Error validating access token: Session has expired"),
    (368, None, "The action attempted has been deemed abusive"),
    (803, None, "(#803) Some of the aliases you requested do not exist"),
    (99_999, None, "Something that nobody has described"),
];

/// Within this every way of waiting has been gone, but for those of a week and longer.
const WAITS: [u64; 14] =
    [1, 10, 60, 60, 240, 300, 900, 1800, 3600, 3600, 4 * 3600, 12 * 3600, 86_400, 86_400];
/// Calls of one read in that time: what may pass is tried twelve times and then rests for a day; a list that is
/// refused is asked for without what was expanded in it, at most twice more.
const MOST_CALLS: usize = 12 * 3;
/// Where Meta wants to be asked for less, each of these tries asks for less and less.
const LESS: usize = 100;
/// Where it says that something of it is wrong and not what, ten metrics are parted until each stands alone, once
/// a day.
const PARTED: usize = 3 * (2 * 10 - 1);
/// What was refused for ever is asked for once more after a month at most.
const LONGEST_WAIT_HOURS: i64 = 31 * 24;

/// An account, a target and a variant for each kind of read.
fn target(place: usize, read: Kind) -> (String, String, &'static str) {
    let account = format!("1784140000001{place:04}");
    let of_account = [
        (kind::USER, ""),
        (kind::USER_STORIES, ""),
        (kind::USER_MEDIA, ""),
        (kind::LIVE_MEDIA, ""),
        (kind::USER_TAGS, ""),
        (kind::USER_SERIES, "days_3"),
        (kind::USER_TOTALS, "day"),
        (kind::USER_BREAKDOWN, "follows_and_unfollows:day"),
        (kind::ONLINE_FOLLOWERS, "day"),
        (kind::DEMOGRAPHICS, "country"),
    ];
    if let Some((_, variant)) = of_account.into_iter().find(|(of, _)| *of == read) {
        return (account.clone(), account, variant);
    }
    let variant = if read == kind::MEDIA_BREAKDOWN { "profile_activity" } else { "" };
    (account, format!("1790000000001{place:04}"), variant)
}

/// Everything that is read is known well enough for its read to be made, and wanted.
async fn want_all(bench: &Bench) {
    let (pool, now) = (bench.pool(), bench.clock.now());
    let mut wishes = Vec::new();
    for (place, read) in reads::ALL.iter().enumerate() {
        let (account, target, variant) = target(place, read.about().kind);
        let sealed = keys().seal(&account, Column::Token, &"EAAB".into()).unwrap();
        for sql in [
            "INSERT INTO pipeline.account (account_id, app_id, login, added_at) VALUES ($1, $4, 'facebook', to_timestamp(0))",
            "INSERT INTO instagram.instagram_tokens (user_id, token, flavour, updated_timestamp)
             VALUES ($1, $3, 'facebook', to_timestamp(0))",
            r#"INSERT INTO instagram."user" (id, username) VALUES ($2, 'rival') ON CONFLICT DO NOTHING"#,
            r#"INSERT INTO instagram.media (id, user_id, media_type, media_product_type, "timestamp", first_seen_at)
             SELECT $2, $1, 'CAROUSEL_ALBUM', 'FEED', to_timestamp(1795000000), to_timestamp(1795000000)
             WHERE $1 <> $2"#,
        ] {
            // Each statement takes what it needs of the four.
            let sql = format!("WITH given AS (SELECT $1::text, $2::text, $3::text, $4::text) {sql}");
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&account).bind(&target).bind(&sealed);
            query.bind(super::super::APP).execute(&pool).await.unwrap();
        }
        let key = TaskKey { variant: variant.to_owned(), ..TaskKey::new(read.about().kind, target, account) };
        wishes.push(NewTask { key, lane: TaskLane::NewComments, deadline: None });
    }
    let mut conn = pool.acquire().await.unwrap();
    tasks::enqueue(&mut conn, &wishes, now).await.unwrap();
}

/// `(state, reason, hours to wait, last error)` of each read.
async fn standing(bench: &Bench, read: Kind) -> (String, Option<String>, i64, Option<String>) {
    let sql = "
        SELECT state, reason, (EXTRACT(EPOCH FROM due_at)::bigint - $2) / 3600, last_error
        FROM pipeline.enrichment_task WHERE kind = $1 ORDER BY id LIMIT 1";
    let query = sqlx::query_as(sql).bind(read.as_str()).bind(bench.clock.now().as_second());
    query.fetch_one(&bench.pool()).await.unwrap()
}

const FIGURES: &str = "
    SELECT (SELECT count(value) FROM instagram.media_insight) + (SELECT count(value) FROM instagram.user_insight_reach)
        + (SELECT count(value) FROM instagram.user_insight_metric) + (SELECT count(value) FROM instagram.user_insight_visitor)
        + (SELECT count(value) FROM instagram.user_insight_impressions)
        + (SELECT count(value) FROM instagram.user_insight_online_follower)
        + (SELECT count(value) FROM instagram.user_insight_audience_country)
        + (SELECT count(followers_count) FROM instagram.user_data)
        + (SELECT count(like_count) FROM instagram.media_like_comment)";

async fn refused((code, subcode, message): Refusal) {
    let (bench, api) = Canned::bench().await;
    let refusal: Value = json!({"error": {"code": code, "error_subcode": subcode, "message": message}});
    api.reply_with(&[""], 400, &refusal);
    want_all(&bench).await;
    bench.settle().await;
    for seconds in WAITS {
        bench.advance(Duration::from_secs(seconds));
        bench.settle().await;
    }
    assert_eq!(bench.number(FIGURES).await, 0, "{refusal}: a refusal is no figure");
    let asked = api.asked();
    let most = match (code, subcode) {
        (1, _) if message.contains("reduce") => LESS,
        (100, None) => PARTED,
        _ => MOST_CALLS,
    };
    for (place, read) in reads::ALL.iter().map(|read| read.about().kind).enumerate() {
        let what = format!("{read}, refused with {code}/{subcode:?}");
        let (state, reason, hours, error) = standing(&bench, read).await;
        assert!(state == "done" || (state == "parked" && reason.is_some()), "{what}: {state} {reason:?}");
        assert!(hours <= LONGEST_WAIT_HOURS, "{what}: for {hours} hours");
        let said = error.unwrap_or_default();
        let is_throttled = reason.is_some_and(|reason| reason == "throttled");
        assert!(!said.is_empty() || is_throttled, "{what}: it does not say why");
        let (account, target, _) = target(place, read);
        let about = asked.iter().filter(|asked| asked.contains(&target) || asked.contains(&account)).count();
        // The first refusal of the whole app stops everybody else.
        let least = usize::from(code != 4);
        assert!((least..=most).contains(&about), "{what}: {about} calls");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_read_ends_or_waits_with_the_reason_however_it_is_refused() {
    for refusal in REFUSALS {
        refused(refusal).await;
    }
}
