//! Likes and comments: of windows, of single media, and how they grow.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::raw::{Count, Day, Snapshot};
use super::account::{Account, Post};
use super::row::{absences, row};
use super::{Figure, Made, NO_DATA, days, figure, growth};

/// Growth columns of the raw snapshots: the difference from the snapshot before.
pub(super) fn snapshots(account: &Account<'_>, made: &mut Made) {
    let owned = account.raw.media.iter().filter(|medium| medium.user_id.as_deref() == Some(account.id));
    for medium in owned {
        let counts: Vec<&Count> =
            account.raw.counts.iter().filter(|count| count.media_id == medium.id).collect();
        for count in &counts {
            let past = counts.iter().filter(|other| other.day < count.day).max_by_key(|other| other.day);
            let likes = past.and_then(|past| grown_by(count.like_count, past.like_count));
            let comments = past.and_then(|past| grown_by(count.comments_count, past.comments_count));
            made.add("media_like_comment", row(&[&medium.id, &count.day, &likes, &comments]));
        }
    }
    let snapshots: Vec<&Snapshot> =
        account.raw.snapshots.iter().filter(|snapshot| snapshot.user_id == account.id).collect();
    for snapshot in &snapshots {
        let earlier = snapshots.iter().filter(|other| other.day < snapshot.day);
        let past = earlier.max_by_key(|other| other.day);
        let followers = past.and_then(|past| grown_by(snapshot.followers_count, past.followers_count));
        let media = past.and_then(|past| grown_by(snapshot.media_count, past.media_count));
        made.add("user_data", row(&[&snapshot.day, &followers, &media]));
    }
}

fn grown_by(now: Option<i64>, then: Option<i64>) -> Option<i64> {
    Some(now? - then?)
}

/// What a window holds.
struct Window<'a> {
    likes: Option<i64>,
    comments: Option<i64>,
    absence: &'a str,
    row: String,
}

impl<'a> Window<'a> {
    fn engagement(&self) -> Figure<'a> {
        figure(sum_of_known(self.likes, self.comments), Some(self.absence))
    }
}

fn sum_of_known(likes: Option<i64>, comments: Option<i64>) -> Option<i64> {
    (likes.is_some() || comments.is_some()).then(|| likes.unwrap_or(0) + comments.unwrap_or(0))
}

/// Sum of what is known, how many posts are skipped, and the last reason of all that readings give.
fn sum<'a>(
    readings: &[Option<&'a Count>],
    column: impl Fn(&Count) -> Option<i64>,
    reason: impl Fn(&'a Count) -> Option<&'a str>,
) -> (Option<i64>, usize, &'a str) {
    let known: Vec<i64> = readings.iter().flatten().copied().filter_map(column).collect();
    let reason = readings.iter().flatten().copied().filter_map(reason).max().unwrap_or("no_data");
    ((!known.is_empty()).then(|| known.iter().sum()), readings.len() - known.len(), reason)
}

fn window<'a>(account: &Account<'a>, day: Day, length: i32) -> Option<Window<'a>> {
    let readings: Vec<Option<&Count>> =
        account.window(day, length).map(|post| post.counts_as_of(day)).collect();
    if readings.is_empty() {
        return None;
    }
    let (likes, skipped_likes, no_likes) =
        sum(&readings, |row| row.like_count, |row| row.no_likes.as_deref());
    let (comments, skipped_comments, no_comments) =
        sum(&readings, |row| row.comments_count, |row| row.no_comments.as_deref());
    let engagement = sum_of_known(likes, comments);
    let absence = absences(&[
        ("engagement", engagement.is_none().then_some(no_likes)),
        ("likes_count", likes.is_none().then_some(no_likes)),
        ("comments_count", comments.is_none().then_some(no_comments)),
    ]);
    let skipped = readings.iter().filter(|reading| reading.is_none()).count();
    let row = row(&[
        &length,
        &day,
        &engagement,
        &likes,
        &comments,
        &readings.len(),
        &skipped,
        &skipped_likes,
        &skipped_comments,
        &absence,
    ]);
    Some(Window { likes, comments, absence: no_likes, row })
}

/// The window's engagement by the followers of its last day.
fn rate<'a>(followers: &BTreeMap<Day, &'a Snapshot>, window: &Window<'a>, day: Day) -> Figure<'a> {
    let engagement = window.engagement()?;
    let snapshot = followers.get(&day).ok_or("no_data")?;
    let followers = figure(snapshot.followers_count, snapshot.no_followers.as_deref())?;
    if followers == 0.0 { NO_DATA } else { Ok(engagement / followers) }
}

pub(super) fn engagement(account: &Account<'_>, made: &mut Made) {
    let own = account.raw.snapshots.iter().filter(|snapshot| snapshot.user_id == account.id);
    let followers: BTreeMap<Day, &Snapshot> = own.map(|snapshot| (snapshot.day, snapshot)).collect();
    for length in [7, 28] {
        for day in days(account) {
            let Some(present) = window(account, day, length) else { continue };
            let then = day - length;
            let past = window(account, then, length);
            let was = past.as_ref().map_or(NO_DATA, Window::engagement);
            made.add("user_insight_engagement_growth", grown(length, day, &present.engagement(), &was));
            let was = past.as_ref().map_or(NO_DATA, |past| rate(&followers, past, then));
            let is = rate(&followers, &present, day);
            made.add("user_insight_engagement_rate_growth", grown(length, day, &is, &was));
            made.add("user_insight_engagement", present.row);
        }
    }
}

/// A row of growth.
pub(super) fn grown(length: i32, day: Day, now: &Figure<'_>, then: &Figure<'_>) -> String {
    let growth = growth(now, then);
    row(&[&length, &day, &growth.ok(), &growth.err(), &now.ok(), &then.ok()])
}

/// Media that lead on the present day.
pub(super) fn rankings(account: &Account<'_>, made: &mut Made) {
    let today = account.today;
    let engagement = |post: &Post<'_>| {
        let row = post.counts_as_of(today)?;
        Some(row.like_count? + row.comments_count?)
    };
    let reach = |post: &Post<'_>| post.figure_as_of("reach", today);
    for length in [7, 28] {
        let posts: Vec<&Post<'_>> = account.window(today, length).collect();
        let mut lead = |table, figure: &dyn Fn(&Post<'_>) -> Option<i64>, sign: i64| {
            let mut known: Vec<(i64, &Post<'_>)> =
                posts.iter().filter_map(|post| Some((figure(post)?, *post))).collect();
            // The largest first, or the smallest; then the older; then the smaller id, as a number.
            known.sort_by_key(|(value, post)| (Reverse(sign * value), post.at, post.number));
            let Some((value, post)) = known.first() else { return };
            let skipped = posts.len() - known.len();
            made.add(table, row(&[&length, &today, &post.id, value, &posts.len(), &skipped]));
        };
        lead("user_media_largest_engagement", &engagement, 1);
        lead("user_media_smallest_engagement", &engagement, -1);
        lead("user_media_largest_reach", &reach, 1);
    }
}
