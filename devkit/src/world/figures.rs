//! The numbers behind insights: functions of the seed, the thing and the hour, so that two reads at one
//! instant agree and later reads never show less.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Account, Medium, Product, World};
use crate::seeded::Seeded;

/// The figures of a medium at one instant. What its kind does not have is 0 and never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFigures {
    /// People who saw it.
    pub reach: u64,
    /// How often it was seen.
    pub views: u64,
    /// Likes.
    pub likes: u64,
    /// Comments it holds.
    pub comments: u64,
    /// How often it was saved.
    pub saved: u64,
    /// How often it was shared.
    pub shares: u64,
    /// How often it was reposted.
    pub reposts: u64,
    /// Answers to a story.
    pub replies: u64,
    /// Followers it brought.
    pub follows: u64,
    /// Visits of the profile it brought.
    pub profile_visits: u64,
    /// What visitors of the profile did, by `action_type`.
    pub profile_activity: Vec<(&'static str, u64)>,
    /// What viewers of a story did, by `story_navigation_action_type`.
    pub navigation: Vec<(&'static str, u64)>,
    /// Milliseconds a reel is watched on average.
    pub watch_ms: u64,
    /// Per mille of viewers who skip a reel.
    pub skipped: u64,
}

impl MediaFigures {
    /// Likes, comments, saves, shares and replies together.
    pub const fn interactions(&self) -> u64 {
        self.likes + self.comments + self.saved + self.shares + self.replies
    }
}

/// The figures of an account on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountDay {
    /// People who saw something of it.
    pub reach: u64,
    /// How often something of it was seen.
    pub views: u64,
    /// People who liked, commented, saved, shared or answered.
    pub engaged: u64,
    /// New followers.
    pub follows: u64,
    /// Followers lost.
    pub unfollows: u64,
    /// Taps on the profile's links.
    pub taps: u64,
}

impl World {
    /// A medium's figures at `now`.
    pub fn figures(&self, medium: &Medium, now: Timestamp) -> MediaFigures {
        let mut draw = Seeded::of(&[self.config.seed, 5, medium.index as u64]);
        let age = hours_between(medium.published, now);
        let half_life = if medium.product == Product::Story { 3 } else { 14 };
        let reach = medium.audience * age / (age + half_life);
        let mut share = |per_mille: u64| reach * draw.between(per_mille / 2, per_mille) / 1000;
        let story = medium.product == Product::Story;
        let post = u64::from(!story);
        let forward = share(900);
        MediaFigures {
            reach,
            views: reach + share(500),
            likes: share(90) * post,
            comments: medium.comments(),
            saved: share(15) * post,
            shares: share(10),
            reposts: share(4),
            replies: share(12) * (1 - post),
            follows: share(3),
            profile_visits: share(30),
            profile_activity: [("bio_link_clicked", 12), ("direction", 2), ("email", 2), ("text", 3)]
                .map(|(action, per_mille)| (action, share(per_mille)))
                .to_vec(),
            navigation: vec![
                ("tap_forward", forward),
                ("tap_back", share(80)),
                ("tap_exit", share(120)),
                ("swipe_forward", share(60)),
            ],
            watch_ms: 2_000 + share(1000) % 9_000,
            skipped: 200 + share(1000) % 500,
        }
    }

    /// An account's figures on a day.
    pub fn account_day(&self, account: &Account, day: Date) -> AccountDay {
        let number =
            day.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second() / 86_400);
        let mut draw = Seeded::of(&[self.config.seed, 6, account.index as u64, number.unsigned_abs()]);
        let reach = account.followers * draw.between(80, 400) / 1000 + draw.below(5);
        AccountDay {
            reach,
            views: reach + reach * draw.between(300, 900) / 1000,
            engaged: reach * draw.between(20, 90) / 1000,
            follows: account.followers * draw.below(4) / 1000 + draw.below(3),
            unfollows: account.followers * draw.below(2) / 1000,
            taps: reach * draw.below(6) / 1000,
        }
    }

    /// An account's followers at `now`: a little fewer for each day before the anchor, more after it.
    pub fn followers(&self, account: &Account, now: Timestamp) -> u64 {
        let days = now.duration_since(self.config.anchor).as_secs().div_euclid(86_400);
        let change = days.unsigned_abs() * (account.followers / 400 + 1);
        if days < 0 { account.followers.saturating_sub(change) } else { account.followers + change }
    }
}

fn hours_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_hours()).unwrap_or(0)
}
