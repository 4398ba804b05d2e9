//! Figures of hashtags: over all media with one, and of each medium.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::super::raw::{Account, Post};
use super::{Made, before, days, no_data};

/// What is known of a post as of a day.
#[derive(Debug, Clone, Default, PartialEq)]
struct State {
    likes: Option<i64>,
    comments: Option<i64>,
    reach: Option<i64>,
    saved: Option<i64>,
    impressions: Option<i64>,
}

impl State {
    fn engagement(&self) -> Option<i64> {
        Some(self.likes? + self.comments?)
    }
}

fn state(account: &Account<'_>, post: &Post, day: Date) -> Option<State> {
    if !post.stands(day) {
        return None;
    }
    let counts = account.counts_as_of(&post.id, day);
    let figure = |metric| account.figure_as_of(&post.id, metric, day);
    Some(State {
        likes: counts.and_then(|row| row.int("like_count")),
        comments: counts.and_then(|row| row.int("comments_count")),
        reach: figure("reach"),
        saved: figure("saved"),
        impressions: figure("views").or_else(|| figure("impressions")),
    })
}

pub(super) fn hashtags(account: &Account<'_>, made: &mut Made) {
    let hashtags: BTreeSet<&String> = account.posts.iter().flat_map(|post| &post.hashtags).collect();
    for hashtag in hashtags {
        let posts: Vec<&Post> = account.posts.iter().filter(|post| post.hashtags.contains(hashtag)).collect();
        let mut last = Total::default();
        for day in days(account) {
            let total = Total::of(posts.iter().filter_map(|post| state(account, post, day)));
            if total != last {
                made.add("user_hastags_metrics", total.row(hashtag, day));
            }
            last = total;
            for post in &posts {
                let Some(is) = state(account, post, day) else { continue };
                let was = state(account, post, before(day, 1)).unwrap_or_default();
                let figures = |state: &State| (state.likes, state.comments, state.reach, state.impressions);
                if figures(&is) != figures(&was) {
                    made.add("user_hastags_metrics_distribution", spread(account, post, hashtag, day, &is));
                }
            }
        }
    }
}

/// A sum over the media where a figure is known, and how many those are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Known {
    sum: i64,
    media: i64,
}

impl Known {
    fn add(&mut self, figure: Option<i64>) {
        if let Some(figure) = figure {
            self.sum += figure;
            self.media += 1;
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Total {
    posts: i64,
    engagement: Known,
    reach: Known,
    saved: Known,
}

impl Total {
    fn of(states: impl Iterator<Item = State>) -> Self {
        let mut total = Self::default();
        for state in states {
            total.posts += 1;
            total.engagement.add(state.engagement());
            total.reach.add(state.reach);
            total.saved.add(state.saved);
        }
        total
    }

    fn row(&self, hashtag: &str, day: Date) -> Value {
        let mut row = Map::new();
        let mut absence = Map::new();
        for (name, known) in [("engagement", self.engagement), ("reach", self.reach), ("saved", self.saved)] {
            let is_known = known.media > 0 || self.posts == 0;
            row.insert(format!("total_{name}"), json!(is_known.then_some(known.sum)));
            #[expect(clippy::cast_precision_loss, reason = "figures of tests are small")]
            let mean = (known.media > 0).then(|| known.sum as f64 / known.media as f64);
            row.insert(format!("{name}_per_post"), json!(mean));
            row.insert(format!("skipped_{name}"), json!(self.posts - known.media));
            if !is_known {
                absence.insert(format!("total_{name}"), json!("no_data"));
            }
            if mean.is_none() {
                absence.insert(format!("{name}_per_post"), json!("no_data"));
            }
        }
        row.insert("hastag".to_owned(), json!(hashtag));
        row.insert("datestamp".to_owned(), json!(day.to_string()));
        row.insert("post_count".to_owned(), json!(self.posts));
        row.insert(
            "absence".to_owned(),
            if absence.is_empty() { Value::Null } else { Value::Object(absence) },
        );
        Value::Object(row)
    }
}

fn spread(account: &Account<'_>, post: &Post, hashtag: &str, day: Date, state: &State) -> Value {
    let counts = account.counts_as_of(&post.id, day);
    let counted = |column| counts.and_then(|row| row.reason(column)).unwrap_or_else(no_data);
    let refused = |metric| {
        let rows = account.figure_rows(&post.id, metric, day);
        rows.into_iter()
            .max_by_key(|row| row.date("datestamp"))
            .and_then(|row| row.text("absence"))
            .unwrap_or_else(no_data)
    };
    let mut absence = Map::new();
    let mut missing = |column: &str, is_known: bool, reason: String| {
        if !is_known {
            absence.insert(column.to_owned(), json!(reason));
        }
    };
    let engagement = if state.likes.is_none() { counted("like_count") } else { counted("comments_count") };
    missing("like_count", state.likes.is_some(), counted("like_count"));
    missing("comments_count", state.comments.is_some(), counted("comments_count"));
    missing("engagement", state.engagement().is_some(), engagement);
    missing("reach", state.reach.is_some(), refused("reach"));
    missing("impressions", state.impressions.is_some(), refused("views"));
    json!({
        "media_id": post.id, "hastag": hashtag, "datestamp": day.to_string(),
        "media_timestamp": post.at.as_second(), "engagement": state.engagement(),
        "like_count": state.likes, "comments_count": state.comments, "reach": state.reach,
        "impressions": state.impressions,
        "absence": if absence.is_empty() { Value::Null } else { Value::Object(absence) },
    })
}
