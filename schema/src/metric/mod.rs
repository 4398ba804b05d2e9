//! The metric contract: what the insights of media consist of today, by kind of medium, those of accounts
//! ([`user`]), and what was retired.
//!
//! Who asks and who explains goes by this list. Names are lower case, as the API gives them; the period of
//! every media metric is `lifetime`.

mod product;
pub mod retired;
pub mod user;

pub use product::ProductType;
use product::ProductType::{Feed, Reels, Story};

/// One metric that Meta answers today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name in requests, answers and tables.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What is counted or measured.
    pub description: &'static str,
    /// What the number means.
    pub unit: Unit,
    /// The breakdown it can be split by; such a metric is asked in a call of its own.
    pub breakdown: Option<&'static str>,
    /// Kinds of media that have it.
    pub on: &'static [ProductType],
    /// Answers only for media shared to Facebook as well; asked for any other it fails the call.
    pub only_crossposted: bool,
}

/// What a figure's number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// So many; a whole number.
    Count,
    /// A time in milliseconds.
    Milliseconds,
    /// A share as Meta sends it: whether as a fraction of 1 or in percent is contested.
    Share,
}

impl Unit {
    /// The word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Milliseconds => "milliseconds",
            Self::Share => "share",
        }
    }
}

/// A metric and the breakdown it is split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Split {
    /// The metric's name.
    pub metric: &'static str,
    /// The breakdown's name.
    pub breakdown: &'static str,
}

/// What people did on the profile after they saw a medium.
pub const PROFILE_ACTIVITY: Split = Split { metric: "profile_activity", breakdown: "action_type" };
/// How people moved on from a story.
pub const NAVIGATION: Split = Split { metric: "navigation", breakdown: "story_navigation_action_type" };

/// All metrics, in the order in which answers list them.
pub const METRICS: [Metric; 18] = [
    count("views", "Views", "How often it was played or shown", ALL),
    count("reach", "Reach", "How many different accounts saw it; estimated", ALL),
    count("likes", "Likes", "How many likes it has", FEED_REELS),
    count("comments", "Comments", "How many comments it has", FEED_REELS),
    count("shares", "Shares", "How often it was shared", ALL),
    count("saved", "Saved", "How often it was saved", FEED_REELS),
    count("reposts", "Reposts", "How often it was reposted", ALL),
    count(
        "total_interactions",
        "Total interactions",
        "Likes, comments, shares, saves and replies, less those taken back",
        ALL,
    ),
    count("follows", "Follows", "How many accounts followed because of it", FEED_STORY),
    count("profile_visits", "Profile visits", "How often the profile was visited from it", FEED_STORY),
    split(
        PROFILE_ACTIVITY,
        "Profile activity",
        "What people did on the profile after they saw it",
        FEED_STORY,
    ),
    count("replies", "Replies", "How many replies the story got; always 0 in some regions", &[Story]),
    split(NAVIGATION, "Navigation", "How people moved on from the story", &[Story]),
    Metric {
        unit: Unit::Milliseconds,
        ..count(
            "ig_reels_avg_watch_time",
            "Average watch time",
            "Mean time for which the reel was watched, in milliseconds",
            &[Reels],
        )
    },
    Metric {
        unit: Unit::Milliseconds,
        ..count(
            "ig_reels_video_view_total_time",
            "Total watch time",
            "Time for which the reel was watched in all, in milliseconds",
            &[Reels],
        )
    },
    Metric {
        unit: Unit::Share,
        ..count(
            "reels_skip_rate",
            "Skip rate",
            "Share of views that ended within the first seconds, as Instagram gives it: a fraction of 1, or percent",
            &[Reels],
        )
    },
    crossposted("crossposted_views", "Cross-posted views", "Views on Instagram and Facebook together"),
    crossposted("facebook_views", "Facebook views", "Views on Facebook of what was posted there as well"),
];

/// A metric of today.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// The metrics that media of this kind have.
pub fn of(product: ProductType) -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().filter(move |metric| metric.on.contains(&product))
}

/// Those that one call can ask of any medium of this kind.
pub fn in_one_call(product: ProductType) -> Vec<&'static str> {
    let plain = of(product).filter(|metric| metric.breakdown.is_none() && !metric.only_crossposted);
    plain.map(|metric| metric.name).collect()
}

/// Those that every medium of an account's list has: one metric that one of them lacks would fail the whole call.
pub fn in_list() -> Vec<&'static str> {
    let listed = |metric: &&str| metric_is_on(metric, Reels);
    in_one_call(Feed).into_iter().filter(listed).collect()
}

fn metric_is_on(name: &str, product: ProductType) -> bool {
    find(name).is_some_and(|metric| metric.on.contains(&product))
}

/// Those that need a call each.
pub fn splits(product: ProductType) -> impl Iterator<Item = Split> {
    of(product).filter_map(|metric| Some(Split { metric: metric.name, breakdown: metric.breakdown? }))
}

/// The 21 of `v21.0`.
fn version_number(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

const ALL: &[ProductType] = &ProductType::WITH_INSIGHTS;
const FEED_REELS: &[ProductType] = &[Feed, Reels];
const FEED_STORY: &[ProductType] = &[Feed, Story];

const fn count(
    name: &'static str,
    title: &'static str,
    description: &'static str,
    on: &'static [ProductType],
) -> Metric {
    Metric { name, title, description, unit: Unit::Count, breakdown: None, on, only_crossposted: false }
}

const fn split(
    by: Split,
    title: &'static str,
    description: &'static str,
    on: &'static [ProductType],
) -> Metric {
    Metric { breakdown: Some(by.breakdown), ..count(by.metric, title, description, on) }
}

const fn crossposted(name: &'static str, title: &'static str, description: &'static str) -> Metric {
    Metric { only_crossposted: true, ..count(name, title, description, ALL) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::retired::{RETIRED, Subject, Successor};
    use super::*;

    /// Meta's table of media metrics: which of them each kind of medium has, without those that are asked
    /// apart.
    const META_SAYS: [(&str, &[ProductType]); 14] = [
        ("reach", ALL),
        ("shares", ALL),
        ("total_interactions", ALL),
        ("views", ALL),
        ("reposts", ALL),
        ("comments", FEED_REELS),
        ("likes", FEED_REELS),
        ("saved", FEED_REELS),
        ("follows", FEED_STORY),
        ("profile_visits", FEED_STORY),
        ("replies", &[Story]),
        ("ig_reels_avg_watch_time", &[Reels]),
        ("ig_reels_video_view_total_time", &[Reels]),
        ("reels_skip_rate", &[Reels]),
    ];

    #[test]
    fn each_kind_of_medium_is_asked_for_what_it_has_and_nothing_else() {
        for kind in ProductType::WITH_INSIGHTS {
            let has = META_SAYS.iter().filter(|(_, on)| on.contains(&kind)).map(|(name, _)| *name);
            let asked = in_one_call(kind);
            assert_eq!(asked.iter().copied().collect::<BTreeSet<_>>(), has.collect(), "{kind}");
            assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "{kind}");
        }
        assert!(in_one_call(ProductType::Other).is_empty() && splits(ProductType::Other).next().is_none());
    }

    #[test]
    fn a_list_is_asked_for_what_posts_and_reels_both_have() {
        let both = META_SAYS.iter().filter(|(_, on)| on.contains(&Feed) && on.contains(&Reels));
        let both: BTreeSet<_> = both.map(|(name, _)| *name).collect();
        assert_eq!(in_list().into_iter().collect::<BTreeSet<_>>(), both);
    }

    #[test]
    fn a_metric_with_a_breakdown_is_a_call_of_its_own() {
        let of_kind = |kind| splits(kind).collect::<Vec<_>>();
        assert_eq!(of_kind(Feed), [PROFILE_ACTIVITY]);
        assert_eq!(of_kind(Reels), []);
        assert_eq!(of_kind(Story), [PROFILE_ACTIVITY, NAVIGATION]);
    }

    #[test]
    fn only_times_and_shares_are_no_counts() {
        let others = METRICS.iter().filter(|metric| metric.unit != Unit::Count);
        let told: Vec<_> = others.map(|metric| (metric.name, metric.unit.as_str())).collect();
        let times = ["ig_reels_avg_watch_time", "ig_reels_video_view_total_time"];
        assert_eq!(
            told,
            [(times[0], "milliseconds"), (times[1], "milliseconds"), ("reels_skip_rate", "share")]
        );
    }

    #[test]
    fn every_name_stands_for_one_metric() {
        let today: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        let before: BTreeSet<_> = RETIRED.iter().map(|retired| retired.name).collect();
        assert_eq!((today.len(), before.len()), (METRICS.len(), RETIRED.len()));
        assert!(today.is_disjoint(&before));
    }

    #[test]
    fn every_successor_exists_and_no_count_is_succeeded_by_a_time() {
        for retired in RETIRED {
            let next = match retired.successor {
                Successor::Metric(metric) | Successor::Part { metric, .. } => metric,
                Successor::Nothing => continue,
            };
            match retired.of {
                Subject::Media => {
                    let today = find(next).unwrap_or_else(|| panic!("{next} is no metric of media"));
                    assert_eq!(today.unit, Unit::Count, "{}", retired.name);
                }
                Subject::User => {}
            }
        }
        assert_eq!(retired::of_media("clips_replays_count").unwrap().successor, Successor::Nothing);
        assert_eq!(retired::of_media("audience_city"), None, "a metric of accounts");
    }
}
