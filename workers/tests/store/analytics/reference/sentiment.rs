//! What comments feel: by day, by window, by medium.

use std::cmp::Reverse;

use super::super::raw::Day;
use super::account::{Account, Felt};
use super::row::row;
use super::{Made, days};

const FEELINGS: [&str; 3] = ["pos", "neu", "neg"];

pub(super) fn sentiment(account: &Account<'_>, made: &mut Made) {
    let stays = |felt: &&Felt<'_>| felt.went.is_none_or(|went| went > felt.came);
    let first = account.comments.iter().filter(stays).map(|felt| felt.came).min();
    let on = |day: Day| {
        FEELINGS.map(|feeling| {
            let felt = account.comments.iter().filter(|felt| felt.sentiment == feeling && felt.counts(day));
            i64::try_from(felt.count()).unwrap()
        })
    };
    let less = |now: [i64; 3], then: [i64; 3]| [now[0] - then[0], now[1] - then[1], now[2] - then[2]];
    for day in days(account).filter(|day| first.is_some_and(|first| first <= *day)) {
        let now = on(day);
        made.add("user_insight_sentiment", row(&[&day, &now[0], &now[1], &now[2]]));
        let more = less(now, on(day - 1));
        if more != [0; 3] {
            made.add("sentiment_delta", row(&[&day, &more[0], &more[1], &more[2]]));
        }
        for length in [7, 28] {
            let then = day - length;
            let grown = first.is_some_and(|first| first <= then).then(|| less(now, on(then)));
            let [pos, neu, neg] = [0, 1, 2].map(|place| grown.map(|grown| grown[place]));
            let absence = grown.is_none().then_some("no_data");
            made.add("user_insight_sentiment_growth", row(&[&length, &day, &pos, &neu, &neg, &absence]));
        }
    }
    leaders(account, made);
}

fn leaders(account: &Account<'_>, made: &mut Made) {
    let today = account.today;
    for length in [7, 28] {
        for (table, feeling) in [("user_media_most_positive", "pos"), ("user_media_most_negative", "neg")] {
            let count = |post: &str| {
                let of_post = account.comments.iter().filter(|felt| felt.post == post);
                of_post.filter(|felt| felt.sentiment == feeling && felt.counts(today)).count()
            };
            let mut posts: Vec<_> =
                account.window(today, length).map(|post| (count(post.id), post)).collect();
            posts.retain(|(count, _)| *count > 0);
            posts.sort_by_key(|(count, post)| (Reverse(*count), post.at, post.number));
            if let Some((count, post)) = posts.first() {
                made.add(table, row(&[&length, &today, &post.id, count]));
            }
        }
    }
}
