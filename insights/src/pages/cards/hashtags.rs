//! Which hashtags work.

use super::posts::absent;
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::Lang;
use crate::query::pages::hashtags::HashtagRow;

/// A row a hashtag, as the query orders them.
pub(super) fn table(lang: Lang, rows: &[HashtagRow]) -> Table {
    let words = &lang.words().cards;
    let most = rows.iter().filter_map(|row| row.engagement_per_post).fold(0.0, f64::max);
    let number = |value: Option<f64>| match value {
        Some(value) => Cell::number(format::short(lang, value), (value * 100.0).round() / 100.0),
        None => absent(lang, None),
    };
    let row = |row: &HashtagRow| {
        let share = row.engagement_per_post.filter(|_| most > 0.0).map_or(0.0, |value| value / most);
        let total = row.total_engagement.map_or(String::new(), |all| format::whole(lang, all as f64));
        vec![
            Cell::sorted(format!("#{}", row.hastag), row.hastag.clone()),
            Cell::number(format::whole(lang, f64::from(row.post_count)), f64::from(row.post_count)),
            number(row.engagement_per_post).with_bar(share).with_title(total),
            number(row.reach_per_post),
        ]
    };
    Table {
        caption: words.hashtags.to_owned(),
        rows: rows.iter().map(row).collect(),
        columns: vec![
            Column::text(words.hashtag),
            Column::number(words.post_count),
            Column::number(words.engagement_per_post),
            Column::number(words.reach_per_post),
        ],
    }
}
