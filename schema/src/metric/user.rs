//! The figures of accounts that Meta answers today. Names are lower case, as the API gives them.

use super::Unit;

/// One metric of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserMetric {
    /// Name in requests, answers and tables.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What is counted.
    pub description: &'static str,
    /// What the number means.
    pub unit: Unit,
    /// How it is asked for.
    pub shape: Shape,
    /// The breakdowns that it is read with, one a call; empty: it is read as a whole.
    pub breakdowns: &'static [&'static str],
    /// An account with fewer followers has no such figure.
    pub minimum_followers: i64,
    /// For how many days, today not among them, Meta keeps it; `None`: as long as everything else.
    pub kept_days: Option<i32>,
}

/// How a metric is asked for, and what its answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One figure a day: `period=day`, and an `end_time` with each value.
    Series,
    /// One figure for the whole window: `period=day`, `metric_type=total_value`.
    Total,
    /// As of now, split by who people are: `period=lifetime`, `timeframe`, `metric_type=total_value`.
    Demographics,
    /// An object keyed by hour for each day: `period=lifetime`.
    Hours,
}

/// From this many followers on Meta tells who they are, and when they come and go.
pub const ENOUGH_FOLLOWERS: i64 = 100;

/// All metrics of accounts. `reach` comes in both shapes: a day as a series, weeks as totals, because people
/// do not add up.
pub const USER_METRICS: [UserMetric; 16] = [
    UserMetric {
        shape: Shape::Series,
        ..total("reach", "Reach", "Different accounts that saw something of it")
    },
    UserMetric {
        shape: Shape::Series,
        kept_days: Some(30),
        ..of_large("follower_count", "New followers", "Accounts that began to follow on that day")
    },
    total("views", "Views", "How often its content was played or shown, ads included"),
    total("profile_views", "Profile views", "How often the profile was visited"),
    total("accounts_engaged", "Accounts engaged", "Different accounts that reacted to its content"),
    total(
        "total_interactions",
        "Total interactions",
        "Likes, comments, shares, saves and replies, less those taken back",
    ),
    total("likes", "Likes", "Likes of its content"),
    total("comments", "Comments", "Comments on its content"),
    total("shares", "Shares", "How often its content was shared"),
    total("saves", "Saves", "How often its content was saved"),
    total("replies", "Replies", "Replies to its stories"),
    total("reposts", "Reposts", "How often its content was reposted"),
    UserMetric {
        breakdowns: &["contact_button_type"],
        ..total("profile_links_taps", "Taps on contact buttons", "Taps on the profile's contact buttons")
    },
    UserMetric {
        breakdowns: &["follow_type"],
        ..of_large(
            "follows_and_unfollows",
            "Follows and unfollows",
            "Accounts that began or ceased to follow",
        )
    },
    UserMetric {
        shape: Shape::Demographics,
        breakdowns: &["city", "country", "age,gender"],
        ..of_large(
            "follower_demographics",
            "Followers by group",
            "Followers by place, age and gender; the 45 largest groups",
        )
    },
    UserMetric {
        shape: Shape::Hours,
        kept_days: Some(30),
        ..of_large("online_followers", "Followers online", "Followers online in each hour")
    },
];

/// Retired, and answered by old versions of the API all the same, for a day as a series, for weeks as a total.
pub const IMPRESSIONS: UserMetric = UserMetric {
    shape: Shape::Series,
    ..total("impressions", "Impressions", "How often its content was shown; views took the place")
};
static LEGACY: [UserMetric; 1] = [IMPRESSIONS];
/// The last version that does.
const LEGACY_UP_TO: u32 = 21;

/// The retired metrics that this version of the API, such as `v21.0`, answers of accounts.
pub fn still(version: &str) -> impl Iterator<Item = &'static str> {
    let is_old = super::version_number(version).is_some_and(|number| number <= LEGACY_UP_TO);
    LEGACY.iter().filter(move |_| is_old).map(|metric| metric.name)
}

/// A metric of accounts, of today or one that old versions answer.
pub fn find(name: &str) -> Option<&'static UserMetric> {
    USER_METRICS.iter().chain(&LEGACY).find(|metric| metric.name == name)
}

/// The metrics of a shape that are read as a whole: one call can ask for all of them.
pub fn whole(shape: Shape) -> Vec<&'static str> {
    let whole = USER_METRICS.iter().filter(|metric| metric.shape == shape && metric.breakdowns.is_empty());
    whole.map(|metric| metric.name).collect()
}

const fn total(name: &'static str, title: &'static str, description: &'static str) -> UserMetric {
    UserMetric {
        name,
        title,
        description,
        unit: Unit::Count,
        shape: Shape::Total,
        breakdowns: &[],
        minimum_followers: 0,
        kept_days: None,
    }
}

const fn of_large(name: &'static str, title: &'static str, description: &'static str) -> UserMetric {
    UserMetric { minimum_followers: ENOUGH_FOLLOWERS, ..total(name, title, description) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::retired::{RETIRED, Subject, Successor};
    use super::*;

    /// Meta's table of metrics of accounts: which are totals, and which need a hundred followers.
    #[test]
    fn the_list_is_metas() {
        let totals = [
            "views",
            "profile_views",
            "accounts_engaged",
            "total_interactions",
            "likes",
            "comments",
            "shares",
            "saves",
            "replies",
            "reposts",
        ];
        assert_eq!(whole(Shape::Total), totals);
        assert_eq!(whole(Shape::Series), ["reach", "follower_count"]);
        let large = USER_METRICS.iter().filter(|metric| metric.minimum_followers == 100);
        let large: BTreeSet<_> = large.map(|metric| metric.name).collect();
        let meta =
            ["follower_count", "follows_and_unfollows", "follower_demographics", "online_followers"].into();
        assert_eq!(large, meta);
        let names: BTreeSet<_> = USER_METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), USER_METRICS.len());
    }

    #[test]
    fn impressions_are_asked_of_the_old_version_alone() {
        let of = |version| still(version).collect::<Vec<_>>();
        assert_eq!((of("v21.0"), of("v19.0")), (vec!["impressions"], vec!["impressions"]));
        assert!(of("v22.0").is_empty() && of("v25.0").is_empty() && of("latest").is_empty());
        assert!(USER_METRICS.iter().all(|metric| metric.name != "impressions"), "none of today's");
    }

    #[test]
    fn what_was_retired_for_accounts_leads_to_a_metric_of_accounts() {
        for retired in RETIRED.iter().filter(|retired| retired.of == Subject::User) {
            let next = match retired.successor {
                Successor::Metric(metric) | Successor::Part { metric, .. } => metric,
                Successor::Nothing => continue,
            };
            assert!(find(next).is_some(), "{}", retired.name);
        }
    }
}
