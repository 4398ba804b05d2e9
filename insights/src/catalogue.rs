//! The metrics of media: what each means, which kinds of media have it, and what is answered in place of those that Meta retired.

use std::fmt;

use serde::{Serialize, Serializer};

/// The kinds of media that have insights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// Post or album.
    Feed,
    /// Story.
    Story,
    /// Reel.
    Reels,
}

impl MediaType {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Feed, Self::Story, Self::Reels];

    /// Reads a kind, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }

    /// The name in requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "FEED",
            Self::Story => "STORY",
            Self::Reels => "REELS",
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for MediaType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One metric that Meta answers today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name in requests, answers and tables.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What is counted, and its unit where it is no count.
    pub description: &'static str,
    /// What it can be split by.
    pub breakdown: Option<&'static str>,
    /// Kinds of media that have it.
    pub on: &'static [MediaType],
}

const ALL: &[MediaType] = &[MediaType::Feed, MediaType::Story, MediaType::Reels];
const FEED_REELS: &[MediaType] = &[MediaType::Feed, MediaType::Reels];
const FEED_STORY: &[MediaType] = &[MediaType::Feed, MediaType::Story];
const STORY: &[MediaType] = &[MediaType::Story];
const REELS: &[MediaType] = &[MediaType::Reels];

const fn metric(
    name: &'static str,
    title: &'static str,
    description: &'static str,
    on: &'static [MediaType],
) -> Metric {
    Metric { name, title, description, breakdown: None, on }
}

const fn split(by: &'static str, metric: Metric) -> Metric {
    Metric { breakdown: Some(by), ..metric }
}

/// The metric of what people did on the profile after seeing a medium.
pub const PROFILE_ACTIVITY: &str = "profile_activity";
/// The metric of how people moved on from a story.
pub const NAVIGATION: &str = "navigation";

/// All metrics, in the order in which answers list them.
pub const METRICS: [Metric; 18] = [
    metric("views", "Views", "How often it was played or shown", ALL),
    metric("reach", "Reach", "How many different accounts saw it; estimated", ALL),
    metric("likes", "Likes", "How many likes it has", FEED_REELS),
    metric("comments", "Comments", "How many comments it has", FEED_REELS),
    metric("shares", "Shares", "How often it was shared", ALL),
    metric("saved", "Saved", "How often it was saved", FEED_REELS),
    metric("reposts", "Reposts", "How often it was reposted", ALL),
    metric(
        "total_interactions",
        "Total interactions",
        "Likes, comments, shares, saves and replies, less those taken back",
        ALL,
    ),
    metric("follows", "Follows", "How many accounts followed because of it", FEED_STORY),
    metric("profile_visits", "Profile visits", "How often the profile was visited from it", FEED_STORY),
    split(
        "action_type",
        metric(
            PROFILE_ACTIVITY,
            "Profile activity",
            "What people did on the profile after they saw it",
            FEED_STORY,
        ),
    ),
    metric("replies", "Replies", "How many replies the story got; always 0 in some regions", STORY),
    split(
        "story_navigation_action_type",
        metric(NAVIGATION, "Navigation", "How people moved on from the story", STORY),
    ),
    metric(
        "ig_reels_avg_watch_time",
        "Average watch time",
        "Mean time for which the reel was watched, in milliseconds",
        REELS,
    ),
    metric(
        "ig_reels_video_view_total_time",
        "Total watch time",
        "Time for which the reel was watched in all, in milliseconds",
        REELS,
    ),
    metric(
        "reels_skip_rate",
        "Skip rate",
        "Share of views that ended within the first seconds, in percent",
        REELS,
    ),
    metric("crossposted_views", "Cross-posted views", "Views on Instagram and Facebook together", ALL),
    metric("facebook_views", "Facebook views", "Views on Facebook of what was posted there as well", ALL),
];

/// A metric that Meta no longer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired {
    /// Its name.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Today's metric that is answered in its place; `None` where none means the same.
    pub successor: Option<&'static str>,
    /// What to say where nothing takes its place.
    pub note: &'static str,
}

const fn retired(name: &'static str, title: &'static str, successor: &'static str) -> Retired {
    Retired { name, title, successor: Some(successor), note: "" }
}

const fn gone(name: &'static str, title: &'static str, note: &'static str) -> Retired {
    Retired { name, title, successor: None, note }
}

const SEE_NAVIGATION: &str =
    "it is one part of `navigation` today: see /api/instagram/insights/{media_id}/navigation";

/// All retired metrics of media. Some of them still come with the `story_insights` webhook; then they are answered as they came.
pub const RETIRED: [Retired; 14] = [
    retired("impressions", "Impressions", "views"),
    retired("plays", "Plays", "views"),
    retired("ig_reels_aggregated_all_plays_count", "All plays", "views"),
    retired("video_views", "Video views", "views"),
    retired("engagement", "Engagement", "total_interactions"),
    retired("carousel_album_impressions", "Album impressions", "views"),
    retired("carousel_album_video_views", "Album video views", "views"),
    retired("carousel_album_reach", "Album reach", "reach"),
    retired("carousel_album_saved", "Album saves", "saved"),
    retired("carousel_album_engagement", "Album engagement", "total_interactions"),
    gone("taps_forward", "Taps forward", SEE_NAVIGATION),
    gone("taps_back", "Taps back", SEE_NAVIGATION),
    gone("exits", "Exits", SEE_NAVIGATION),
    // A watch time is sometimes offered in its place; a time is no count.
    gone("clips_replays_count", "Replays", "no metric of today counts replays"),
];

/// A metric of today.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// A retired metric.
pub fn retirement(name: &str) -> Option<&'static Retired> {
    RETIRED.iter().find(|retired| retired.name == name)
}

/// The metrics of this kind of medium; all where the kind is not known.
pub fn of(kind: Option<MediaType>) -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().filter(move |metric| kind.is_none_or(|kind| metric.on.contains(&kind)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_kind_is_read_in_any_case() {
        for kind in MediaType::ALL {
            assert_eq!(MediaType::parse(&kind.as_str().to_lowercase()), Some(kind));
        }
        assert_eq!(MediaType::parse("AD"), None);
    }

    #[test]
    fn every_name_stands_for_one_metric_and_every_successor_exists() {
        let today: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        let before: BTreeSet<_> = RETIRED.iter().map(|retired| retired.name).collect();
        assert_eq!((today.len(), before.len()), (METRICS.len(), RETIRED.len()));
        assert!(today.is_disjoint(&before));
        for retired in RETIRED {
            match retired.successor {
                Some(successor) => assert!(today.contains(successor), "{successor}"),
                None => assert!(!retired.note.is_empty(), "{}", retired.name),
            }
        }
    }

    #[test]
    fn a_count_is_never_answered_with_a_watch_time() {
        assert_eq!(retirement("clips_replays_count").unwrap().successor, None);
        let times = RETIRED.iter().filter_map(|r| r.successor).filter(|s| s.ends_with("time"));
        assert_eq!(times.count(), 0);
    }

    #[test]
    fn each_kind_of_medium_has_its_own_metrics() {
        let names = |kind| of(Some(kind)).map(|metric| metric.name).collect::<BTreeSet<_>>();
        assert!(names(MediaType::Feed).contains("likes") && !names(MediaType::Feed).contains("replies"));
        assert!(names(MediaType::Story).contains("navigation") && !names(MediaType::Story).contains("likes"));
        assert!(names(MediaType::Reels).contains("ig_reels_avg_watch_time"));
        assert_eq!(of(None).count(), METRICS.len());
    }
}
