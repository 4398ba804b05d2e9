//! An invented Instagram: accounts, 60 days of media and the comments under them, fixed by a seed.
//!
//! The simulator answers from it and the generator sends webhooks about it, so both speak of the same things.
//! Ids depend on the seed's world alone, times on the anchor (the instant at which the history ends).

mod build;
mod comments;
mod figures;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use cekbrand_schema::{AccountId, MediaId};
use jiff::{SignedDuration, Timestamp};

pub use comments::{Author, Comment};
pub use figures::{AccountDay, MediaFigures};

/// How large a [`World`] is and when its history ends.
#[derive(Debug, Clone)]
pub struct WorldConfig {
    /// Fixes everything that looks random.
    pub seed: u64,
    /// Accounts that are watched.
    pub accounts: usize,
    /// Accounts of other people, whose media mention ours.
    pub outsiders: usize,
    /// Days of history before the anchor.
    pub days: u32,
    /// Stories of each account that have expired by the anchor.
    pub expired_stories: u32,
    /// The end of the history; "now" of the world at its start.
    pub anchor: Timestamp,
}

impl WorldConfig {
    /// Twelve accounts with 60 days of history that ends at `anchor`.
    pub const fn new(seed: u64, anchor: Timestamp) -> Self {
        Self { seed, accounts: 12, outsiders: 3, days: 60, expired_stories: 120, anchor }
    }
}

/// What a medium is to the API (`media_product_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Product {
    /// A post in the feed, albums and their children included.
    Feed,
    /// A reel.
    Reels,
    /// A story: gone 24 hours after it was published.
    Story,
    /// The copy of a post that an advertisement shows.
    Ad,
    /// A live video: there for four hours.
    Live,
}

impl Product {
    /// The API's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "FEED",
            Self::Reels => "REELS",
            Self::Story => "STORY",
            Self::Ad => "AD",
            Self::Live => "LIVE",
        }
    }

    /// For how long a medium of this kind can be read.
    const fn lifetime(self) -> Option<SignedDuration> {
        match self {
            Self::Story => Some(SignedDuration::from_hours(24)),
            Self::Live => Some(SignedDuration::from_hours(4)),
            Self::Feed | Self::Reels | Self::Ad => None,
        }
    }
}

/// An account: watched, or somebody else's.
#[derive(Debug)]
pub struct Account {
    /// The place in [`World::accounts`].
    pub index: usize,
    /// The professional account's id (`entry.id` of its webhooks).
    pub id: AccountId,
    /// The older numeric id.
    pub ig_id: u64,
    /// The username.
    pub username: String,
    /// The display name.
    pub name: String,
    /// The biography.
    pub biography: String,
    /// Whether we hold a token for it.
    pub watched: bool,
    /// Followers at the anchor.
    pub followers: u64,
    /// Accounts it follows.
    pub follows: u64,
    /// Places of its media in [`World::media`], newest first; children of albums are not listed.
    pub media: Vec<usize>,
}

/// A medium of an account.
#[derive(Debug)]
pub struct Medium {
    /// The place in [`World::media`].
    pub index: usize,
    /// The id.
    pub id: MediaId,
    /// The place of its owner in [`World::accounts`].
    pub account: usize,
    /// What it is.
    pub product: Product,
    /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM` or `BROADCAST`.
    pub media_type: &'static str,
    /// When it was published.
    pub published: Timestamp,
    /// What is written under it.
    pub caption: Option<String>,
    /// The code in its permalink.
    pub shortcode: String,
    /// Whether the owner hides the number of likes.
    pub likes_hidden: bool,
    /// How many people see it in the end.
    pub audience: u64,
    /// Comments of the history; those that arrive later come on top.
    pub past_comments: u64,
    /// The children of an album, as places in [`World::media`].
    pub children: Vec<usize>,
    /// The album it belongs to.
    pub parent: Option<usize>,
    /// For an advertisement's copy: the organic medium.
    pub original: Option<usize>,
    arrived: AtomicU64,
}

impl Medium {
    /// Whether it can be read at `now`.
    pub fn is_there(&self, now: Timestamp) -> bool {
        self.published <= now && self.ends().is_none_or(|end| now < end)
    }

    /// When it stops being readable, if ever.
    pub fn ends(&self) -> Option<Timestamp> {
        self.product.lifetime().map(|life| self.published.checked_add(life).unwrap_or(Timestamp::MAX))
    }

    /// How many comments it holds, replies included.
    pub fn comments(&self) -> u64 {
        self.past_comments + self.arrived.load(Ordering::Acquire)
    }
}

/// The invented Instagram.
#[derive(Debug)]
pub struct World {
    config: WorldConfig,
    accounts: Vec<Account>,
    media: Vec<Medium>,
    by_id: HashMap<String, Place>,
    by_username: HashMap<String, usize>,
}

/// What an id or a username stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Account(usize),
    Medium(usize),
}

/// What an id stands for.
#[derive(Debug)]
pub enum Thing<'w> {
    /// An account.
    Account(&'w Account),
    /// A medium.
    Medium(&'w Medium),
    /// A comment.
    Comment(Comment),
}

impl World {
    /// How it was built.
    pub const fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// All accounts, the watched ones first.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The watched accounts.
    pub fn watched(&self) -> &[Account] {
        &self.accounts[..self.config.accounts]
    }

    /// All media, by place.
    pub fn media(&self) -> &[Medium] {
        &self.media
    }

    /// The account of a username.
    pub fn account_named(&self, username: &str) -> Option<&Account> {
        self.by_username.get(username).map(|index| &self.accounts[*index])
    }

    /// The owner of a medium.
    pub fn owner(&self, medium: &Medium) -> &Account {
        &self.accounts[medium.account]
    }

    /// The media of an account that satisfy `wanted`, newest first.
    pub fn media_of<'w>(
        &'w self,
        account: &'w Account,
        wanted: impl Fn(&Medium) -> bool + 'w,
    ) -> impl Iterator<Item = &'w Medium> + 'w {
        account.media.iter().map(|index| &self.media[*index]).filter(move |medium| wanted(medium))
    }

    /// What `id` stands for, whether or not it can be read now.
    pub fn find(&self, id: &str) -> Option<Thing<'_>> {
        match self.by_id.get(id) {
            Some(Place::Account(index)) => Some(Thing::Account(&self.accounts[*index])),
            Some(Place::Medium(index)) => Some(Thing::Medium(&self.media[*index])),
            None => self.comment(id).map(Thing::Comment),
        }
    }
}

#[cfg(test)]
mod tests;
