//! Which hashtags work.

use super::cells::absent;
use crate::figure::Ratio;
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::Lang;
use crate::query::hashtags::HashtagFigures;

/// A row a hashtag, as the query orders them.
pub(super) fn table(lang: Lang, rows: &[HashtagFigures]) -> Table {
    let words = &lang.words().cards;
    let most = rows.iter().filter_map(|row| row.engagement_per_post.value).fold(0.0, f64::max);
    let number = |ratio: Ratio| match ratio.value {
        Some(value) => Cell::number(format::short(lang, value), (value * 100.0).round() / 100.0),
        None => absent(lang, ratio.absence),
    };
    let row = |row: &HashtagFigures| {
        let share = row.engagement_per_post.value.filter(|_| most > 0.0).map_or(0.0, |value| value / most);
        let total = row.engagement.value.map_or(String::new(), |all| format::whole(lang, all as f64));
        vec![
            Cell::sorted(format!("#{}", row.hashtag), row.hashtag.clone()),
            Cell::number(format::whole(lang, f64::from(row.posts)), f64::from(row.posts)),
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
