//! The metrics that Meta took away, on all versions at once, and what means the same today.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::ProductType::{self, Feed, Story};

/// A metric that is refused today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired {
    /// Name in requests, answers and tables.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What it was a metric of.
    pub of: Subject,
    /// The day it went.
    pub since: Date,
    /// What means the same today, or nearly.
    pub successor: Successor,
    /// Where it is answered all the same; `None`: nowhere.
    pub still: Option<Still>,
}

/// Where a retired metric is answered all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Still {
    /// Up to this version of the API.
    pub version: u32,
    /// For media that were published up to this day.
    pub published: Date,
    /// For media of these kinds.
    pub on: &'static [ProductType],
}

/// What a metric is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A medium.
    Media,
    /// An account.
    User,
}

/// What took a retired metric's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Successor {
    /// This metric.
    Metric(&'static str),
    /// One part of a metric that can be split.
    Part {
        /// The metric.
        metric: &'static str,
        /// The part.
        part: &'static str,
    },
    /// Nothing.
    Nothing,
}

impl Successor {
    /// The metric that takes the place as a whole; one of which it is a part does not.
    pub const fn metric(self) -> Option<&'static str> {
        match self {
            Self::Metric(name) => Some(name),
            Self::Part { .. } | Self::Nothing => None,
        }
    }
}

use Subject::{Media, User};
use Successor::{Metric, Nothing, Part};

const fn retired(
    since: Date,
    of: Subject,
    name: &'static str,
    title: &'static str,
    successor: Successor,
) -> Retired {
    Retired { name, title, of, since, successor, still: None }
}

const D2023: Date = date(2023, 12, 11);
const D2025_JANUARY: Date = date(2025, 1, 8);
const D2025_APRIL: Date = date(2025, 4, 21);

const DEMOGRAPHICS: Successor = Metric("follower_demographics");
const INTERACTIONS: Successor = Metric("total_interactions");
const VIEWS: Successor = Metric("views");

/// A part of `profile_links_taps`, which is split by contact button.
const fn taps(part: &'static str) -> Successor {
    Part { metric: "profile_links_taps", part }
}

/// A part of `navigation`.
const fn move_on(part: &'static str) -> Successor {
    Part { metric: "navigation", part }
}

/// Every metric known to be retired. The contact clicks went as time series only. A replay count has no
/// successor: a watch time is sometimes offered in its place, and a time is no count.
pub const RETIRED: [Retired; 23] = [
    retired(D2023, User, "audience_city", "Followers by city", DEMOGRAPHICS),
    retired(D2023, User, "audience_country", "Followers by country", DEMOGRAPHICS),
    retired(D2023, User, "audience_gender_age", "Followers by gender and age", DEMOGRAPHICS),
    retired(D2023, User, "audience_locale", "Followers by language", Nothing),
    retired(D2023, Media, "carousel_album_engagement", "Album engagement", INTERACTIONS),
    retired(D2023, Media, "carousel_album_impressions", "Album impressions", VIEWS),
    retired(D2023, Media, "carousel_album_reach", "Album reach", Metric("reach")),
    retired(D2023, Media, "carousel_album_saved", "Album saves", Metric("saved")),
    retired(D2023, Media, "carousel_album_video_views", "Album video views", VIEWS),
    retired(D2023, Media, "engagement", "Engagement", INTERACTIONS),
    retired(D2023, Media, "taps_forward", "Taps forward", move_on("tap_forward")),
    retired(D2023, Media, "taps_back", "Taps back", move_on("tap_back")),
    retired(D2023, Media, "exits", "Exits", move_on("tap_exit")),
    retired(D2025_JANUARY, Media, "video_views", "Video views", VIEWS),
    retired(D2025_JANUARY, User, "email_contacts", "Taps on the mail button", taps("email")),
    retired(D2025_JANUARY, User, "get_directions_clicks", "Taps on the address", taps("direction")),
    retired(D2025_JANUARY, User, "text_message_clicks", "Taps on the text message button", taps("text")),
    retired(D2025_JANUARY, User, "phone_call_clicks", "Taps on the call button", taps("call")),
    retired(D2025_JANUARY, User, "website_clicks", "Taps on the website", Metric("profile_links_taps")),
    Retired {
        still: Some(Still { version: 21, published: date(2024, 7, 1), on: &[Feed, Story] }),
        ..retired(D2025_APRIL, Media, "impressions", "Impressions", VIEWS)
    },
    retired(D2025_APRIL, Media, "plays", "Plays", VIEWS),
    retired(D2025_APRIL, Media, "clips_replays_count", "Replays", Nothing),
    retired(D2025_APRIL, Media, "ig_reels_aggregated_all_plays_count", "All plays", VIEWS),
];

/// The retirement of a metric of media, if it is retired.
pub fn of_media(name: &str) -> Option<&'static Retired> {
    all_of_media().find(|retired| retired.name == name)
}

/// The retired metrics that this version of the API, such as `v21.0`, answers of a medium of that kind and
/// age.
pub fn still_of_media(
    version: &str,
    product: ProductType,
    published: Timestamp,
) -> impl Iterator<Item = &'static Retired> {
    let number = super::version_number(version);
    let day = published.to_zoned(TimeZone::UTC).date();
    let is_answered = move |still: Still| {
        number.is_some_and(|number| number <= still.version)
            && day <= still.published
            && still.on.contains(&product)
    };
    all_of_media().filter(move |retired| retired.still.is_some_and(is_answered))
}

/// Every retired metric of accounts.
pub fn all_of_accounts() -> impl Iterator<Item = &'static Retired> {
    RETIRED.iter().filter(|retired| retired.of == User)
}

/// Every retired metric of media. Some still come with the `story_insights` webhook.
pub fn all_of_media() -> impl Iterator<Item = &'static Retired> {
    RETIRED.iter().filter(|retired| retired.of == Media)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impressions_of_old_media_are_answered_by_the_old_version_alone() {
        let still = |version, published: &str| {
            let published = format!("{published}T23:00:00Z").parse().unwrap();
            still_of_media(version, Feed, published).map(|retired| retired.name).collect::<Vec<_>>()
        };
        assert_eq!(still("v21.0", "2024-07-01"), ["impressions"]);
        assert_eq!(still("v19.0", "2021-01-01"), ["impressions"]);
        for (version, published) in [
            ("v21.0", "2024-07-02"),
            ("v22.0", "2024-07-01"),
            ("v25.0", "2021-01-01"),
            ("latest", "2021-01-01"),
        ] {
            assert!(still(version, published).is_empty(), "{version} {published}");
        }
        assert_eq!(still_of_media("v21.0", ProductType::Reels, Timestamp::UNIX_EPOCH).count(), 0);
    }
}
