//! Every kind of Graph read, one file each: its names, what it waits for, what it asks, and what the answer
//! means.
//!
//! ```text
//!  job, known ──plan──▶ calls ──Graph API──▶ content ──rows──▶ Rows ──▶ crate::rows::apply
//!                         ▲                    │  follow: reads wanted next
//!                         └──── instead ◀──────┘ error: absent, gone
//! ```
//!
//! - [`kind`]: the names of reads. [`read`]: the trait and its data, pure: no database, no HTTP, no clock.
//! - [`cadence`]: how often a read is due by the clock alone. [`ageing`], [`story`]: when a medium is due
//!   again.
//! - `user`, `media`, `comment`, `mentioned_media`, `mentioned_comment`: nodes, read through [`node`].
//! - [`expansion`]: figures and comments that come along with a list.
//! - `user_stories`, `user_media`, `live_media`, `user_tags`, `media_children`: lists, read through
//!   `pages` and `medium`.
//! - `media_insights`, `media_breakdown`: figures of a medium, read through [`figures`].
//! - `user_series`, `user_totals`, `user_breakdown`, `online_followers`, `demographics`: figures of an
//!   account, read through [`account_figures`]; which days, [`window`] says.
//! - `comments`, `replies`: lists, page by page.
//! - `competitor`: somebody else's account and its media, through the account that asks.
//! - [`recorded`]: rows made again from an answer that was kept.
//!
//! The queue, the catalogue table, metrics and tests are made from [`ALL`]: a new read is a file, its name in
//! [`kind`] and a line there.

mod account_figures;
pub mod ageing;
pub mod cadence;
pub mod comment;
pub mod comments;
pub mod competitor;
pub mod demographics;
pub mod expansion;
pub mod figures;
pub mod kind;
pub mod live_media;
pub mod media;
pub mod media_breakdown;
pub mod media_children;
pub mod media_insights;
mod medium;
pub mod mentioned_comment;
pub mod mentioned_media;
pub mod node;
pub mod online_followers;
mod pages;
pub mod read;
pub mod recorded;
pub mod replies;
pub mod story;
pub mod user;
pub mod user_breakdown;
pub mod user_media;
pub mod user_series;
pub mod user_stories;
pub mod user_tags;
pub mod user_totals;
pub mod window;

use std::str::FromStr;

pub use ageing::Ageing;
pub use cadence::{Beat, Cadence, Targets};
pub use kind::Kind;
pub use read::{About, Budget, Call, Follow, Instead, Job, Known, Needs, Plan, Read, Seen, Subject, Walked};

/// Every read.
pub static ALL: [&dyn Read; 20] = [
    &user::User,
    &user_stories::UserStories,
    &user_media::UserMedia,
    &live_media::LiveMedia,
    &user_tags::UserTags,
    &user_series::UserSeries,
    &user_totals::UserTotals,
    &user_breakdown::UserBreakdown,
    &online_followers::OnlineFollowers,
    &demographics::Demographics,
    &competitor::Competitor,
    &media::Media,
    &media_children::MediaChildren,
    &comment::Comment,
    &comments::Comments,
    &replies::Replies,
    &media_insights::MediaInsights,
    &media_breakdown::MediaBreakdown,
    &mentioned_media::MentionedMedia,
    &mentioned_comment::MentionedComment,
];

/// The read of a kind.
pub fn of(kind: Kind) -> &'static dyn Read {
    // Every `Kind` has its read in the list; a test holds that.
    ALL.into_iter().find(|read| read.about().kind == kind).unwrap_or(ALL[0])
}

impl FromStr for Kind {
    type Err = kind::UnknownKind;

    fn from_str(name: &str) -> Result<Self, kind::UnknownKind> {
        let kinds = ALL.iter().map(|read| read.about().kind);
        kinds.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| kind::UnknownKind(name.to_owned()))
    }
}

/// The names of all kinds, as in the `kind` column.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|read| read.about().kind.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_read_has_names_of_its_own_and_is_found_by_them() {
        let abouts: Vec<_> = ALL.iter().map(|read| read.about()).collect();
        let distinct = |name: fn(&About) -> &'static str| {
            abouts.iter().map(|about| name(about)).collect::<BTreeSet<_>>().len()
        };
        assert_eq!(distinct(|about| about.kind.as_str()), ALL.len());
        assert_eq!(distinct(|about| about.fetch_id), ALL.len());
        assert_eq!(distinct(|about| about.fetch_name), ALL.len());
        for about in abouts {
            assert_eq!(about.kind.as_str().parse(), Ok(about.kind));
            assert_eq!(of(about.kind).about().fetch_id, about.fetch_id);
            assert!(!about.freshness.is_zero(), "{}", about.kind);
        }
        assert!("podcast".parse::<Kind>().is_err());
    }

    #[test]
    fn what_a_read_waits_for_is_in_the_list_and_waits_for_nothing() {
        for first in ALL.iter().filter_map(|read| read.about().waits_for) {
            assert!(names().contains(&first.as_str()));
            assert_eq!(of(first).about().waits_for, None, "one step is all that claiming looks at");
        }
    }
}
