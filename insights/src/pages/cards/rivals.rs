//! The account and its competitors, side by side.

use super::cells::{absent, count, figure};
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::{Lang, sentences};
use crate::query::competitors::Competitor;

/// A row an account; none where there is no competitor.
pub(super) fn table(lang: Lang, rows: &[Competitor]) -> Table {
    let words = &lang.words().cards;
    let shown = if rows.len() > 1 { rows } else { &[] };
    let most = shown.iter().filter_map(|row| row.followers.value).max().unwrap_or(0) as f64;
    let row = |row: &Competitor| {
        let name = row.username.as_ref().map_or_else(|| row.id.clone(), |name| format!("@{name}"));
        let name = if row.is_self { format!("{name} ({})", words.this_account) } else { name };
        let followers = match row.followers.value {
            Some(value) if most > 0.0 => count(lang, value).with_bar(value as f64 / most),
            _ => figure(lang, &row.followers),
        };
        let engagement = match row.engagement_per_post.value {
            Some(value) => Cell::number(format::short(lang, value), value.round()),
            None => Cell::absent(lang.words().brand.nothing_published),
        };
        let published = row.posts.map_or_else(|| absent(lang, None), |posts| count(lang, posts.into()));
        vec![Cell::text(name), followers, growth(lang, row), published, engagement]
    };
    Table {
        caption: words.rivals.to_owned(),
        rows: shown.iter().map(row).collect(),
        columns: vec![
            Column::text(lang.words().frame.account),
            Column::number(words.followers),
            Column::number(words.growth),
            Column::number(words.post_count),
            Column::number(words.engagement_per_post),
        ],
    }
}

fn growth(lang: Lang, row: &Competitor) -> Cell {
    row.followers_growth.value.map_or_else(
        || Cell::absent(sentences::no_base(lang)),
        |growth| Cell::number(format::signed(&format::percent(lang, growth), growth), growth),
    )
}
