//! One account's view of the raw rows: its posts with what is known of them, and the comments that can count.

use std::cell::RefCell;
use std::collections::HashMap;

use cekbrand_sentiment::Model;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::raw::{Comment, Count, Day, MediaFigure, Medium, Raw, User, UserFigure, day};

/// A post that counts in the analytics of an account.
#[derive(Debug)]
pub(super) struct Post<'a> {
    pub(super) id: &'a str,
    /// The same as a number, which is what decides a tie.
    pub(super) number: i64,
    pub(super) at: Timestamp,
    pub(super) published: Day,
    pub(super) deleted: Option<Day>,
    pub(super) hashtags: Vec<&'a str>,
    counts: Vec<&'a Count>,
    figures: Vec<&'a MediaFigure>,
}

impl<'a> Post<'a> {
    fn of(medium: &'a Medium, raw: &'a Raw, account: &str, zone: &TimeZone) -> Option<Self> {
        if medium.user_id.as_deref() != Some(account) || medium.whole().is_some() {
            return None;
        }
        let at = medium.at?.to_jiff();
        let listed = medium.media_hastag.as_deref().unwrap_or_default();
        Some(Self {
            id: &medium.id,
            number: medium.id.parse().unwrap(),
            at,
            published: day(at, zone),
            deleted: medium.deleted_at.map(|at| day(at.to_jiff(), zone)),
            hashtags: listed.split(' ').filter(|hashtag| !hashtag.is_empty()).collect(),
            counts: raw.counts.iter().filter(|row| row.media_id == medium.id).collect(),
            figures: raw.figures.iter().filter(|row| row.media_id == medium.id).collect(),
        })
    }

    /// Whether it is published and not deleted as of a day.
    pub(super) fn stands(&self, day: Day) -> bool {
        self.published <= day && self.deleted.is_none_or(|deleted| deleted > day)
    }

    /// Likes and comments as of a day.
    pub(super) fn counts_as_of(&self, day: Day) -> Option<&'a Count> {
        self.counts.iter().filter(|row| row.day <= day).max_by_key(|row| row.day).copied()
    }

    fn figures_as_of(&self, metric: &str, day: Day) -> impl Iterator<Item = &'a MediaFigure> {
        self.figures.iter().filter(move |row| row.day <= day && row.metric == metric).copied()
    }

    /// The last known value of a figure as of a day.
    pub(super) fn figure_as_of(&self, metric: &str, day: Day) -> Option<i64> {
        let known = self.figures_as_of(metric, day).filter(|row| row.value.is_some());
        known.max_by_key(|row| row.day)?.value
    }

    /// What the last reading of a figure as of a day says of why there is none.
    pub(super) fn absence_as_of(&self, metric: &str, day: Day) -> Option<&'a str> {
        self.figures_as_of(metric, day).max_by_key(|row| row.day)?.absence.as_deref()
    }
}

/// A comment that can count in the sentiment of an account.
#[derive(Debug)]
pub(super) struct Felt<'a> {
    pub(super) post: &'a str,
    pub(super) sentiment: &'static str,
    pub(super) came: Day,
    pub(super) went: Option<Day>,
}

impl Felt<'_> {
    pub(super) fn counts(&self, day: Day) -> bool {
        self.came <= day && self.went.is_none_or(|went| went > day)
    }
}

/// One account's view of the raw rows.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    pub(super) id: &'a str,
    pub(super) zone: TimeZone,
    pub(super) zone_name: &'a str,
    pub(super) today: Day,
    pub(super) raw: &'a Raw,
    pub(super) posts: Vec<Post<'a>>,
    pub(super) comments: Vec<Felt<'a>>,
}

impl<'a> Account<'a> {
    pub(crate) fn new(raw: &'a Raw, id: &'a str, now: Timestamp) -> Self {
        let user = raw.users.iter().find(|user| user.id == id).unwrap();
        let zone = TimeZone::get(&user.timezone).unwrap();
        let posts: Vec<Post<'_>> =
            raw.media.iter().filter_map(|medium| Post::of(medium, raw, id, &zone)).collect();
        let comments =
            raw.comments.iter().filter_map(|comment| felt(raw, user, &zone, &posts, comment)).collect();
        Self { id, today: day(now, &zone), zone, zone_name: &user.timezone, raw, posts, comments }
    }

    /// The account's figures among some.
    pub(super) fn own(&self, figures: &'a [UserFigure]) -> impl Iterator<Item = &'a UserFigure> {
        let id = self.id;
        figures.iter().filter(move |row| row.user_id == id)
    }

    /// Posts published in (day - days, day] and not deleted as of the day.
    pub(super) fn window(&self, day: Day, days: i32) -> impl Iterator<Item = &Post<'a>> {
        self.posts.iter().filter(move |post| post.published > day - days && post.stands(day))
    }
}

fn felt<'a>(
    raw: &'a Raw,
    user: &User,
    zone: &TimeZone,
    posts: &[Post<'a>],
    comment: &'a Comment,
) -> Option<Felt<'a>> {
    let medium = raw.media.iter().find(|medium| Some(&medium.id) == comment.media_id.as_ref())?;
    let whole = medium.whole().unwrap_or(&medium.id);
    let post = posts.iter().find(|post| post.id == whole)?;
    let is_own = match &comment.from_id {
        Some(author) => *author == user.id || user.app_scoped_id.as_ref() == Some(author),
        None => user.username.is_some() && user.username == comment.username,
    };
    if is_own {
        return None;
    }
    let gone = comment.deleted_at.map(|at| day(at.to_jiff(), zone));
    Some(Felt {
        post: whole,
        sentiment: sentiment(comment.text.as_deref()?),
        came: day(comment.at.unwrap_or(comment.first_seen_at).to_jiff(), zone),
        went: [gone, post.deleted].into_iter().flatten().min(),
    })
}

/// What a text feels. The texts of worlds are few, and looked at again and again.
fn sentiment(text: &str) -> &'static str {
    thread_local! {
        static KNOWN: RefCell<HashMap<String, &'static str>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(label) = known.get(text) {
            return *label;
        }
        let label = Model::bundled().score(text).label.as_str();
        known.insert(text.to_owned(), label);
        label
    })
}
