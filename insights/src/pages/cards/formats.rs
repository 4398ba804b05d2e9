//! Which format works: means per post.

use std::collections::BTreeMap;

use super::cells::{absent, kind};
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::Lang;
use crate::query::pages::posts::PostRow;

#[derive(Default)]
struct Sums {
    posts: usize,
    engagement: Vec<i64>,
    reach: Vec<i64>,
}

/// A row a format, the one with the most engagement per post first.
pub(super) fn table(lang: Lang, posts: &[PostRow]) -> Table {
    let words = &lang.words().cards;
    let mut formats: BTreeMap<&'static str, Sums> = BTreeMap::new();
    for post in posts {
        let (name, _) = kind(words, post.product.as_deref(), post.kind.as_deref());
        let sums = formats.entry(name).or_default();
        sums.posts += 1;
        sums.engagement
            .extend(post.like_count.zip(post.comments_count).map(|(likes, comments)| likes + comments));
        sums.reach.extend(post.reach);
    }
    let mut rows: Vec<_> = formats.into_iter().collect();
    rows.sort_by(|(_, a), (_, b)| mean(&b.engagement).total_cmp(&mean(&a.engagement)));
    let most = rows.first().map_or(0.0, |(_, sums)| mean(&sums.engagement));
    let cell = |values: &[i64], posts: usize| {
        if values.is_empty() {
            return absent(lang, None);
        }
        let title = crate::pages::words::sentences::so_many_of(lang, count(values.len()), count(posts));
        Cell::number(format::short(lang, mean(values)), mean(values).round()).with_title(title)
    };
    let rows = rows.iter().map(|(name, sums)| {
        let share = if most > 0.0 { mean(&sums.engagement) / most } else { 0.0 };
        vec![
            Cell::text(*name),
            Cell::number(sums.posts.to_string(), sums.posts as f64),
            cell(&sums.engagement, sums.posts).with_bar(share),
            cell(&sums.reach, sums.posts),
        ]
    });
    Table {
        caption: words.formats.to_owned(),
        rows: rows.collect(),
        columns: vec![
            Column::text(words.format),
            Column::number(words.post_count),
            Column::number(words.engagement_per_post),
            Column::number(words.reach_per_post),
        ],
    }
}

fn count(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Less than any mean where nothing is known.
fn mean(values: &[i64]) -> f64 {
    if values.is_empty() { -1.0 } else { values.iter().sum::<i64>() as f64 / values.len() as f64 }
}
