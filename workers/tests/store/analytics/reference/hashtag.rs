//! Figures of hashtags: over all media with one, and of each medium.

use std::collections::BTreeSet;

use super::super::raw::Day;
use super::account::{Account, Post};
use super::row::{absences, row};
use super::{Made, days};

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

fn state(post: &Post<'_>, day: Day) -> Option<State> {
    if !post.stands(day) {
        return None;
    }
    let counts = post.counts_as_of(day);
    let figure = |metric| post.figure_as_of(metric, day);
    Some(State {
        likes: counts.and_then(|row| row.like_count),
        comments: counts.and_then(|row| row.comments_count),
        reach: figure("reach"),
        saved: figure("saved"),
        impressions: figure("views").or_else(|| figure("impressions")),
    })
}

pub(super) fn hashtags(account: &Account<'_>, made: &mut Made) {
    // What is known of each post on each day, and on the day before.
    let states: Vec<(Day, Vec<_>)> = days(account)
        .map(|day| (day, account.posts.iter().map(|post| (state(post, day), state(post, day - 1))).collect()))
        .collect();
    let hashtags: BTreeSet<&str> =
        account.posts.iter().flat_map(|post| post.hashtags.iter().copied()).collect();
    for hashtag in hashtags {
        let mut last = Total::default();
        for (day, states) in &states {
            let posts = account.posts.iter().zip(states);
            let posts: Vec<_> = posts.filter(|(post, _)| post.hashtags.contains(&hashtag)).collect();
            let total = Total::of(posts.iter().filter_map(|(_, (is, _))| is.as_ref()));
            if total != last {
                made.add("user_hastags_metrics", total.row(hashtag, *day));
            }
            last = total;
            for (post, (is, was)) in posts {
                let Some(is) = is else { continue };
                let figures = |state: &State| (state.likes, state.comments, state.reach, state.impressions);
                if figures(is) != figures(was.as_ref().unwrap_or(&State::default())) {
                    made.add("user_hastags_metrics_distribution", spread(post, hashtag, *day, is));
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

    #[expect(clippy::cast_precision_loss, reason = "figures of tests are small")]
    fn mean(&self) -> Option<f64> {
        (self.media > 0).then(|| self.sum as f64 / self.media as f64)
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
    fn of<'a>(states: impl Iterator<Item = &'a State>) -> Self {
        let mut total = Self::default();
        for state in states {
            total.posts += 1;
            total.engagement.add(state.engagement());
            total.reach.add(state.reach);
            total.saved.add(state.saved);
        }
        total
    }

    /// Without any post all sums are 0; with posts of none of which a figure is known, it has none.
    fn sum(&self, known: Known) -> Option<i64> {
        (known.media > 0 || self.posts == 0).then_some(known.sum)
    }

    fn row(&self, hashtag: &str, day: Day) -> String {
        let Self { posts, engagement, reach, saved } = *self;
        let lacks_sum = |known| self.sum(known).is_none().then_some("no_data");
        let lacks_mean = |known: Known| known.mean().is_none().then_some("no_data");
        let absence = absences(&[
            ("total_engagement", lacks_sum(engagement)),
            ("engagement_per_post", lacks_mean(engagement)),
            ("total_reach", lacks_sum(reach)),
            ("reach_per_post", lacks_mean(reach)),
            ("total_saved", lacks_sum(saved)),
            ("saved_per_post", lacks_mean(saved)),
        ]);
        let skipped = |known: Known| posts - known.media;
        row(&[
            &hashtag,
            &day,
            &posts,
            &self.sum(engagement),
            &engagement.mean(),
            &skipped(engagement),
            &self.sum(reach),
            &reach.mean(),
            &skipped(reach),
            &self.sum(saved),
            &saved.mean(),
            &skipped(saved),
            &absence,
        ])
    }
}

fn spread(post: &Post<'_>, hashtag: &str, day: Day, state: &State) -> String {
    let counts = post.counts_as_of(day);
    let no_likes = counts.and_then(|row| row.no_likes.as_deref()).unwrap_or("no_data");
    let no_comments = counts.and_then(|row| row.no_comments.as_deref()).unwrap_or("no_data");
    let refused = |metric| post.absence_as_of(metric, day).unwrap_or("no_data");
    let no_engagement = if state.likes.is_none() { no_likes } else { no_comments };
    let absence = absences(&[
        ("like_count", state.likes.is_none().then_some(no_likes)),
        ("comments_count", state.comments.is_none().then_some(no_comments)),
        ("engagement", state.engagement().is_none().then_some(no_engagement)),
        ("reach", state.reach.is_none().then(|| refused("reach"))),
        ("impressions", state.impressions.is_none().then(|| refused("views"))),
    ]);
    row(&[
        &post.id,
        &hashtag,
        &post.at.as_second(),
        &day,
        &state.engagement(),
        &state.likes,
        &state.comments,
        &state.reach,
        &state.impressions,
        &absence,
    ])
}
