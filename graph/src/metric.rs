//! The metric catalogue: what the media insights edge answers today, by kind of medium, and what it no longer answers.
//!
//! Names are lower case, as the API gives them. The period of every media metric is `lifetime`.

use jiff::civil::{Date, date};

/// The kind of a medium as far as insights are concerned (`media_product_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProductType {
    /// Post or album.
    Feed,
    /// Reel.
    Reels,
    /// Story.
    Story,
    /// Anything else (an ad's copy, a live video, an album's child): it has no insights.
    Other,
}

impl ProductType {
    /// Reads `media_product_type`, in any case.
    pub fn parse(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "FEED" => Self::Feed,
            "REELS" => Self::Reels,
            "STORY" => Self::Story,
            _ => Self::Other,
        }
    }

    /// The name as the API writes it; `OTHER` for what has no insights.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "FEED",
            Self::Reels => "REELS",
            Self::Story => "STORY",
            Self::Other => "OTHER",
        }
    }
}

/// One metric of the media insights edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name in requests and answers.
    pub name: &'static str,
    /// The breakdown it can be split by; such a metric is asked in a call of its own.
    pub breakdown: Option<&'static str>,
    /// Kinds of media that have it.
    pub on: &'static [ProductType],
    /// Answers only for media shared to Facebook as well; asked for any other it fails the call.
    pub only_crossposted: bool,
}

use ProductType::{Feed, Reels, Story};

const fn plain(name: &'static str, on: &'static [ProductType]) -> Metric {
    Metric { name, breakdown: None, on, only_crossposted: false }
}

const fn split(name: &'static str, breakdown: &'static str, on: &'static [ProductType]) -> Metric {
    Metric { name, breakdown: Some(breakdown), on, only_crossposted: false }
}

const fn crossposted(name: &'static str) -> Metric {
    Metric { name, breakdown: None, on: &[Feed, Reels, Story], only_crossposted: true }
}

/// Every media metric that exists today.
pub const METRICS: [Metric; 18] = [
    plain("reach", &[Feed, Reels, Story]),
    plain("shares", &[Feed, Reels, Story]),
    plain("total_interactions", &[Feed, Reels, Story]),
    plain("views", &[Feed, Reels, Story]),
    plain("reposts", &[Feed, Reels, Story]),
    plain("comments", &[Feed, Reels]),
    plain("likes", &[Feed, Reels]),
    plain("saved", &[Feed, Reels]),
    plain("follows", &[Feed, Story]),
    plain("profile_visits", &[Feed, Story]),
    split("profile_activity", "action_type", &[Feed, Story]),
    split("navigation", "story_navigation_action_type", &[Story]),
    plain("replies", &[Story]),
    plain("ig_reels_avg_watch_time", &[Reels]),
    plain("ig_reels_video_view_total_time", &[Reels]),
    plain("reels_skip_rate", &[Reels]),
    crossposted("crossposted_views"),
    crossposted("facebook_views"),
];

/// The metrics that one call can ask of a medium of this kind.
pub fn of(product: ProductType) -> Vec<&'static str> {
    let has = |m: &&Metric| m.on.contains(&product) && m.breakdown.is_none() && !m.only_crossposted;
    METRICS.iter().filter(has).map(|m| m.name).collect()
}

/// The metrics of this kind of medium that need a call each, with their breakdown.
pub fn breakdowns_of(product: ProductType) -> Vec<(&'static str, &'static str)> {
    let of_kind = METRICS.iter().filter(|m| m.on.contains(&product));
    of_kind.filter_map(|m| Some((m.name, m.breakdown?))).collect()
}

/// A metric that Meta took away, on all versions at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired {
    /// The name that is refused today.
    pub name: &'static str,
    /// The day it went.
    pub since: Date,
    /// What means the same, or nearly, today; `None` where nothing does.
    pub successor: Option<&'static str>,
}

const fn retired(name: &'static str, since: Date, successor: Option<&'static str>) -> Retired {
    Retired { name, since, successor }
}

const D2023: Date = date(2023, 12, 11);
const D2025_JANUARY: Date = date(2025, 1, 8);
const D2025_APRIL: Date = date(2025, 4, 21);

/// Every metric known to be retired. `profile_views` and the contact clicks went as time series only; a replay count has no successor (a
/// watch time is not a count).
pub const RETIRED: [Retired; 23] = [
    retired("audience_city", D2023, Some("follower_demographics")),
    retired("audience_country", D2023, Some("follower_demographics")),
    retired("audience_gender_age", D2023, Some("follower_demographics")),
    retired("audience_locale", D2023, None),
    retired("carousel_album_engagement", D2023, Some("total_interactions")),
    retired("carousel_album_impressions", D2023, Some("views")),
    retired("carousel_album_reach", D2023, Some("reach")),
    retired("carousel_album_saved", D2023, Some("saved")),
    retired("carousel_album_video_views", D2023, Some("views")),
    retired("engagement", D2023, Some("total_interactions")),
    retired("taps_forward", D2023, Some("navigation")),
    retired("taps_back", D2023, Some("navigation")),
    retired("exits", D2023, Some("navigation")),
    retired("video_views", D2025_JANUARY, Some("views")),
    retired("email_contacts", D2025_JANUARY, Some("profile_links_taps")),
    retired("get_directions_clicks", D2025_JANUARY, Some("profile_links_taps")),
    retired("text_message_clicks", D2025_JANUARY, Some("profile_links_taps")),
    retired("website_clicks", D2025_JANUARY, Some("profile_links_taps")),
    retired("phone_call_clicks", D2025_JANUARY, Some("profile_links_taps")),
    retired("impressions", D2025_APRIL, Some("views")),
    retired("plays", D2025_APRIL, Some("views")),
    retired("clips_replays_count", D2025_APRIL, None),
    retired("ig_reels_aggregated_all_plays_count", D2025_APRIL, Some("views")),
];

/// The retirement of a metric, if it is retired.
pub fn retirement(name: &str) -> Option<&'static Retired> {
    RETIRED.iter().find(|r| r.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_medium_has_its_own_metrics() {
        assert_eq!(
            of(Feed),
            [
                "reach",
                "shares",
                "total_interactions",
                "views",
                "reposts",
                "comments",
                "likes",
                "saved",
                "follows",
                "profile_visits"
            ]
        );
        assert_eq!(
            of(Reels),
            [
                "reach",
                "shares",
                "total_interactions",
                "views",
                "reposts",
                "comments",
                "likes",
                "saved",
                "ig_reels_avg_watch_time",
                "ig_reels_video_view_total_time",
                "reels_skip_rate"
            ]
        );
        assert_eq!(
            of(Story),
            [
                "reach",
                "shares",
                "total_interactions",
                "views",
                "reposts",
                "follows",
                "profile_visits",
                "replies"
            ]
        );
        assert!(of(ProductType::parse("AD")).is_empty());
    }

    #[test]
    fn a_metric_with_a_breakdown_is_a_call_of_its_own() {
        assert_eq!(breakdowns_of(Feed), [("profile_activity", "action_type")]);
        assert_eq!(breakdowns_of(Reels), []);
        assert_eq!(
            breakdowns_of(Story),
            [("profile_activity", "action_type"), ("navigation", "story_navigation_action_type")]
        );
    }

    #[test]
    fn no_retired_metric_is_asked_and_successors_exist() {
        for kind in [Feed, Reels, Story] {
            assert!(of(kind).iter().all(|name| retirement(name).is_none()));
        }
        for gone in RETIRED {
            let Some(next) = gone.successor else { continue };
            let of_users = ["follower_demographics", "profile_links_taps"];
            assert!(of_users.contains(&next) || METRICS.iter().any(|m| m.name == next), "{next}");
        }
    }
}
