//! Likes and comments: of windows, of single media, and how they grow.

use std::cmp::Reverse;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::raw::{Account, Post, Row};
use super::{Figure, Made, before, days, growth, no_data, raw};

/// Growth columns of the raw snapshots: the difference from the snapshot before.
pub(super) fn snapshots(account: &Account<'_>, made: &mut Made) {
    let counted = raw(account).counts.iter().filter(|row| {
        let owner = raw(account).media.iter().find(|medium| medium.text("id") == row.text("media_id"));
        owner.and_then(|medium| medium.text("user_id")).as_deref() == Some(account.id)
    });
    let counted: Vec<&Row> = counted.collect();
    for row in &counted {
        let earlier = |other: &&&Row| {
            other.text("media_id") == row.text("media_id") && other.date("datestamp") < row.date("datestamp")
        };
        let past = counted.iter().filter(earlier).max_by_key(|other| other.date("datestamp"));
        let grown = |column| Some(row.int(column)? - past?.int(column)?);
        made.add(
            "media_like_comment",
            json!({
                "media_id": row.text("media_id"), "datestamp": row.date("datestamp").to_string(),
                "like_count_growth": grown("like_count"), "comments_count_growth": grown("comments_count"),
            }),
        );
    }
    let snapshots: Vec<&Row> = account.own(&raw(account).snapshots).collect();
    for row in &snapshots {
        let earlier = snapshots.iter().filter(|other| other.date("datestamp") < row.date("datestamp"));
        let past = earlier.max_by_key(|other| other.date("datestamp"));
        let grown = |column| Some(row.int(column)? - past?.int(column)?);
        made.add("user_data", json!({
            "datestamp": row.date("datestamp").to_string(),
            "followers_count_growth": grown("followers_count"), "media_count_growth": grown("media_count"),
        }));
    }
}

/// What a window holds.
struct Window {
    likes: Option<i64>,
    comments: Option<i64>,
    row: Value,
    absence: Option<String>,
}

impl Window {
    fn engagement(&self) -> Figure {
        match (self.likes, self.comments) {
            (None, None) => Err(self.absence.clone().unwrap()),
            #[expect(clippy::cast_precision_loss, reason = "figures of tests are small")]
            (likes, comments) => Ok((likes.unwrap_or(0) + comments.unwrap_or(0)) as f64),
        }
    }
}

fn window(account: &Account<'_>, day: Date, length: i32) -> Option<Window> {
    let posts: Vec<&Post> = account.window(day, length).collect();
    if posts.is_empty() {
        return None;
    }
    let readings: Vec<Option<&Row>> = posts.iter().map(|post| account.counts_as_of(&post.id, day)).collect();
    let known =
        |column: &str| readings.iter().flatten().filter_map(|row| row.int(column)).collect::<Vec<_>>();
    let reason = |column: &str| {
        readings.iter().flatten().filter_map(|row| row.reason(column)).max().unwrap_or_else(no_data)
    };
    let sum = |column: &str| {
        let known = known(column);
        (!known.is_empty()).then(|| known.iter().sum::<i64>())
    };
    let (likes, comments) = (sum("like_count"), sum("comments_count"));
    let mut absence = serde_json::Map::new();
    if likes.is_none() {
        absence.insert("likes_count".to_owned(), json!(reason("like_count")));
    }
    if comments.is_none() {
        absence.insert("comments_count".to_owned(), json!(reason("comments_count")));
    }
    let neither = (likes.is_none() && comments.is_none()).then(|| reason("like_count"));
    if let Some(reason) = &neither {
        absence.insert("engagement".to_owned(), json!(reason));
    }
    let engagement = match (likes, comments) {
        (None, None) => None,
        (likes, comments) => Some(likes.unwrap_or(0) + comments.unwrap_or(0)),
    };
    let row = json!({
        "timeframe": length, "datestamp": day.to_string(), "engagement": engagement,
        "likes_count": likes, "comments_count": comments, "media_count": posts.len(),
        "skipped_media": readings.iter().filter(|reading| reading.is_none()).count(),
        "skipped_likes": posts.len() - known("like_count").len(),
        "skipped_comments": posts.len() - known("comments_count").len(),
        "absence": if absence.is_empty() { Value::Null } else { Value::Object(absence) },
    });
    Some(Window { likes, comments, row, absence: neither })
}

/// The window's engagement by the followers of its last day.
fn rate(account: &Account<'_>, window: &Window, day: Date) -> Figure {
    let engagement = window.engagement()?;
    let snapshot = account.own(&raw(account).snapshots).find(|row| row.date("datestamp") == day);
    let snapshot = snapshot.ok_or_else(no_data)?;
    match snapshot.int("followers_count") {
        None => Err(snapshot.reason("followers_count").unwrap_or_else(no_data)),
        Some(0) => Err(no_data()),
        #[expect(clippy::cast_precision_loss, reason = "figures of tests are small")]
        Some(followers) => Ok(engagement / followers as f64),
    }
}

pub(super) fn engagement(account: &Account<'_>, made: &mut Made) {
    for length in [7, 28] {
        for day in days(account) {
            let Some(present) = window(account, day, length) else { continue };
            made.add("user_insight_engagement", present.row.clone());
            let then = before(day, length);
            let past = window(account, then, length);
            let was = past.as_ref().map_or_else(|| Err(no_data()), Window::engagement);
            made.add(
                "user_insight_engagement_growth",
                grown("datestamp", length, day, &present.engagement(), &was),
            );
            let was = past.as_ref().map_or_else(|| Err(no_data()), |past| rate(account, past, then));
            let is = rate(account, &present, day);
            made.add("user_insight_engagement_rate_growth", grown("datestamp", length, day, &is, &was));
        }
    }
}

/// A row of growth.
pub(super) fn grown(column: &str, length: i32, day: Date, now: &Figure, then: &Figure) -> Value {
    let growth = growth(now, then);
    let mut row = json!({
        "timeframe": length, "growth": growth.as_ref().ok(), "absence": growth.as_ref().err(),
        "value_now": now.as_ref().ok(), "value_then": then.as_ref().ok(),
    });
    row[column] = json!(day.to_string());
    row
}

/// Media that lead on the present day.
pub(super) fn rankings(account: &Account<'_>, made: &mut Made) {
    let today = account.today;
    let engagement = |post: &Post| {
        let row = account.counts_as_of(&post.id, today)?;
        Some(row.int("like_count")? + row.int("comments_count")?)
    };
    let reach = |post: &Post| account.figure_as_of(&post.id, "reach", today);
    for length in [7, 28] {
        let posts: Vec<&Post> = account.window(today, length).collect();
        let mut lead = |table, column: &str, figure: &dyn Fn(&Post) -> Option<i64>, sign: i64| {
            let mut known: Vec<(i64, &Post)> =
                posts.iter().filter_map(|post| Some((figure(post)?, *post))).collect();
            // The largest first, or the smallest; then the older; then the smaller id, as a number.
            known.sort_by_key(|(value, post)| {
                (Reverse(sign * value), post.at, post.id.parse::<i64>().unwrap())
            });
            let Some((value, post)) = known.first() else { return };
            let mut row = json!({
                "timeframe": length, "datestamp": today.to_string(), "media_id": post.id,
                "media_count": posts.len(), "skipped_media": posts.len() - known.len(),
            });
            row[column] = json!(value);
            made.add(table, row);
        };
        lead("user_media_largest_engagement", "engagement_count", &engagement, 1);
        lead("user_media_smallest_engagement", "engagement_count", &engagement, -1);
        lead("user_media_largest_reach", "reach_count", &reach, 1);
    }
}
