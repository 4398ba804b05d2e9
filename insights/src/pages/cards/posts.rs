//! Posts of the period, the best first or the weakest.

use std::cmp::Ordering;

use super::cells::{absent, count, first_words, kind, link};
use crate::pages::account::Account;
use crate::pages::chart::Happening;
use crate::pages::format;
use crate::pages::respond::Frame;
use crate::pages::table::{Cell, Column, Sort, Table};
use crate::pages::words::{CardWords, Lang};
use crate::query::pages::posts::PostRow;

/// Posts as a table; its first column is drawn as a picture and words.
#[derive(Debug)]
pub(crate) struct PostsCard {
    /// As many as the table has rows.
    pub(crate) posts: Vec<PostHead>,
    pub(crate) table: Table,
}

/// How a post is recognised.
#[derive(Debug)]
pub(crate) struct PostHead {
    pub(crate) link: String,
    pub(crate) kind: &'static str,
    pub(crate) symbol: &'static str,
    pub(crate) words: String,
}

/// By what posts are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Engagement,
    Reach,
    Likes,
    Comments,
    Saved,
    Mood,
    Published,
}

impl By {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Engagement, "engagement"),
        (Self::Published, "published"),
        (Self::Reach, "reach"),
        (Self::Likes, "likes"),
        (Self::Comments, "comments"),
        (Self::Saved, "saved"),
        (Self::Mood, "mood"),
    ];

    fn of(self, post: &PostRow) -> Option<i64> {
        match self {
            Self::Engagement => post.like_count.zip(post.comments_count).map(|(a, b)| a + b),
            Self::Reach => post.reach,
            Self::Likes => post.like_count,
            Self::Comments => post.comments_count,
            Self::Saved => post.saved,
            Self::Mood => post.pos.zip(post.neg).map(|(pos, neg)| pos - neg),
            Self::Published => Some(post.at.to_jiff().as_second()),
        }
    }
}

impl PostsCard {
    pub(crate) fn new(frame: &Frame, account: &Account, mut posts: Vec<PostRow>) -> Self {
        if let Some(day) = account.day {
            posts.retain(|post| account.local_day(post.at.to_jiff()) == day);
        }
        let (view, words) = (&frame.view, &frame.view.words().cards);
        let code = view.choice("sort", &By::ALL.map(|(_, code)| code));
        let by = By::ALL.into_iter().find(|(_, of)| *of == code).map_or(By::Engagement, |(by, _)| by);
        let is_rising = view.choice("order", &["desc", "asc"]) == "asc";
        posts.sort_by(|a, b| order(by.of(a), by.of(b), is_rising));
        let column = |name, by_code: &'static str, is_number| {
            let is_chosen = by_code == code;
            let order = match (is_chosen, is_rising) {
                (false, _) => "none",
                (true, true) => "ascending",
                (true, false) => "descending",
            };
            let turned = if is_chosen && !is_rising { "asc" } else { "" };
            let link = format!("{}#posts", view.changed("sort", by_code).with("order", turned));
            Column { name, is_number, sort: Some(Sort { link, order }) }
        };
        let columns = vec![
            Column::text(words.post),
            column(words.published, "published", false),
            column(view.words().brand.engagement, "engagement", true),
            column(words.reach, "reach", true),
            column(words.saved, "saved", true),
            column(words.mood, "mood", true),
        ];
        let rows = posts.iter().map(|post| row(view.lang, account, post)).collect();
        Self {
            posts: posts.iter().map(|post| head(words, post, link(frame, &post.id))).collect(),
            table: Table { caption: words.posts.to_owned(), columns, rows },
        }
    }
}

/// What is unknown comes last, whichever way.
fn order(a: Option<i64>, b: Option<i64>, is_rising: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if is_rising => a.cmp(&b),
        (Some(a), Some(b)) => b.cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn row(lang: Lang, account: &Account, post: &PostRow) -> Vec<Cell> {
    let at = post.at.to_jiff();
    let words = first_words(post.caption.as_deref(), lang.words().cards.no_caption);
    let engagement = match By::Engagement.of(post) {
        Some(value) => count(lang, value).with_title(likes_and_comments(lang, post)),
        None => absent(lang, post.likes_absence.as_deref()),
    };
    let or_absent = |value: Option<i64>| {
        value.map_or_else(|| absent(lang, post.reach_absence.as_deref()), |value| count(lang, value))
    };
    let mood = match post.pos.zip(post.neg) {
        Some((pos, neg)) => Cell::sorted(format!("+{pos} / −{neg}"), (pos - neg).to_string()),
        None => absent(lang, None),
    };
    vec![
        Cell::text(words),
        Cell::sorted(format::moment(lang, at, &account.zone), at.to_string()),
        engagement,
        or_absent(post.reach),
        or_absent(post.saved),
        mood,
    ]
}

fn likes_and_comments(lang: Lang, post: &PostRow) -> String {
    let words = &lang.words().cards;
    let shown =
        |value: Option<i64>| value.map_or("—".to_owned(), |value| format::whole(lang, value as f64));
    format!(
        "{} {}, {} {}",
        shown(post.like_count),
        words.likes,
        shown(post.comments_count),
        words.comments_count
    )
}

fn head(words: &CardWords, post: &PostRow, link: String) -> PostHead {
    let (kind, symbol) = kind(words, post.product.as_deref(), post.kind.as_deref());
    PostHead { link, kind, symbol, words: first_words(post.caption.as_deref(), words.no_caption) }
}

/// What was published, for the chart.
pub(crate) fn happenings(posts: &[PostRow], account: &Account) -> Vec<Happening> {
    let happening = |post: &PostRow| Happening {
        day: account.local_day(post.at.to_jiff()),
        text: first_words(post.caption.as_deref(), "").chars().take(48).collect(),
    };
    posts.iter().map(happening).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_comes_last_whichever_way_posts_are_sorted() {
        for is_rising in [true, false] {
            let mut values = [None, Some(3), Some(1), None, Some(2)];
            values.sort_by(|a, b| order(*a, *b, is_rising));
            assert_eq!(values[3..], [None, None]);
            assert_eq!(values[0], Some(if is_rising { 1 } else { 3 }));
        }
    }
}
