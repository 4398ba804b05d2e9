//! What comments feel: by day, by window, by medium.

use std::cmp::Reverse;

use jiff::civil::Date;
use serde_json::json;

use super::super::raw::{Account, Felt, Post};
use super::{Made, before, days};

const FEELINGS: [&str; 3] = ["pos", "neu", "neg"];

pub(super) fn sentiment(account: &Account<'_>, made: &mut Made) {
    let stays = |felt: &&Felt| felt.went.is_none_or(|went| went > felt.came);
    let first = account.comments.iter().filter(stays).map(|felt| felt.came).min();
    let on = |day: Date| {
        FEELINGS.map(|feeling| {
            let felt = account.comments.iter().filter(|felt| felt.sentiment == feeling && felt.counts(day));
            i64::try_from(felt.count()).unwrap()
        })
    };
    for day in days(account).filter(|day| first.is_some_and(|first| first <= *day)) {
        let [pos, neu, neg] = on(day);
        let date = day.to_string();
        made.add("user_insight_sentiment", json!({"date_stamp": date, "pos": pos, "neu": neu, "neg": neg}));
        let [was_pos, was_neu, was_neg] = on(before(day, 1));
        let [more_pos, more_neu, more_neg] = [pos - was_pos, neu - was_neu, neg - was_neg];
        if [more_pos, more_neu, more_neg] != [0; 3] {
            made.add(
                "sentiment_delta",
                json!({"day": date, "pos": more_pos, "neu": more_neu, "neg": more_neg}),
            );
        }
        for length in [7, 28] {
            let then = before(day, length);
            let row = if first.is_some_and(|first| first <= then) {
                let [was_pos, was_neu, was_neg] = on(then);
                json!({"timeframe": length, "date_stamp": date, "absence": null,
                    "pos": pos - was_pos, "neu": neu - was_neu, "neg": neg - was_neg})
            } else {
                json!({"timeframe": length, "date_stamp": date, "absence": "no_data",
                    "pos": null, "neu": null, "neg": null})
            };
            made.add("user_insight_sentiment_growth", row);
        }
    }
    leaders(account, made);
}

fn leaders(account: &Account<'_>, made: &mut Made) {
    let today = account.today;
    for length in [7, 28] {
        for (table, column, feeling) in [
            ("user_media_most_positive", "positive_count", "pos"),
            ("user_media_most_negative", "negative_count", "neg"),
        ] {
            let count = |post: &Post| {
                let of_post = account.comments.iter().filter(|felt| felt.post == post.id);
                of_post.filter(|felt| felt.sentiment == feeling && felt.counts(today)).count()
            };
            let mut posts: Vec<_> = account.window(today, length).map(|post| (count(post), post)).collect();
            posts.retain(|(count, _)| *count > 0);
            posts.sort_by_key(|(count, post)| (Reverse(*count), post.at, post.id.parse::<i64>().unwrap()));
            if let Some((count, post)) = posts.first() {
                let mut row =
                    json!({"timeframe": length, "datestamp": today.to_string(), "media_id": post.id});
                row[column] = json!(count);
                made.add(table, row);
            }
        }
    }
}
