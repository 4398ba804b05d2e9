//! `/{media}/insights`: which metric exists for which product, and what a wrong question is answered with.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::error::GraphError;
use super::fields::Field;
use super::reading::Reading;
use super::user_insights::pacific_day;
use crate::world::{MediaFigures, Medium, Product};

/// A metric of media: its name, title, the products that have it, and its breakdown.
struct Metric {
    name: &'static str,
    title: &'static str,
    products: &'static [Product],
    breakdown: Option<&'static str>,
}

const fn metric(name: &'static str, title: &'static str, products: &'static [Product]) -> Metric {
    Metric { name, title, products, breakdown: None }
}

use Product::{Feed, Reels, Story};

const METRICS: &[Metric] = &[
    metric("reach", "Accounts reached", &[Feed, Reels, Story]),
    metric("shares", "Shares", &[Feed, Reels, Story]),
    metric("total_interactions", "Interactions", &[Feed, Reels, Story]),
    metric("views", "Views", &[Feed, Reels, Story]),
    metric("reposts", "Reposts", &[Feed, Reels, Story]),
    metric("comments", "Comments", &[Feed, Reels]),
    metric("likes", "Likes", &[Feed, Reels]),
    metric("saved", "Saved", &[Feed, Reels]),
    metric("follows", "Follows", &[Feed, Story]),
    metric("profile_visits", "Profile visits", &[Feed, Story]),
    Metric {
        breakdown: Some("action_type"),
        ..metric("profile_activity", "Profile activity", &[Feed, Story])
    },
    Metric {
        breakdown: Some("story_navigation_action_type"),
        ..metric("navigation", "Navigation", &[Story])
    },
    metric("replies", "Replies", &[Story]),
    metric("ig_reels_avg_watch_time", "Average watch time", &[Reels]),
    metric("ig_reels_video_view_total_time", "Watch time", &[Reels]),
    metric("reels_skip_rate", "Skip rate", &[Reels]),
    metric("crossposted_views", "Cross-posted views", &[]),
    metric("facebook_views", "Facebook views", &[]),
];

/// Retired, and answered by the oldest version for media up to then.
const IMPRESSIONS: &Metric = &metric("impressions", "Impressions", &[Feed, Story]);
const IMPRESSIONS_UNTIL: Date = date(2024, 7, 1);

impl Reading<'_> {
    /// The `data` of a medium's insights.
    pub(super) fn media_insights(&self, medium: &Medium, asked: &Field) -> Result<Value, GraphError> {
        let metrics = self.checked_metrics(medium, asked)?;
        let breakdown = checked_breakdown(&metrics, asked)?;
        if asked.parameter("period").is_some_and(|period| period != "lifetime") {
            return Err(GraphError::parameter("period must be one of the following values: lifetime"));
        }
        let figures = self.world().figures(medium, self.now);
        if medium.product == Story && figures.reach < 5 {
            return Err(GraphError::not_enough_viewers());
        }
        if self.quirks.empty_data {
            return Ok(json!([]));
        }
        Ok(metrics.iter().map(|metric| shown(metric, medium, &figures, breakdown)).collect())
    }

    /// The metrics that were asked for. One bad one fails the whole call.
    fn checked_metrics(&self, medium: &Medium, asked: &Field) -> Result<Vec<&'static Metric>, GraphError> {
        let names = asked.parameter("metric").unwrap_or_default();
        if names.is_empty() {
            return Err(GraphError::parameter("The parameter metric is required"));
        }
        names.split(',').enumerate().map(|(place, name)| self.checked_metric(medium, place, name)).collect()
    }

    fn checked_metric(
        &self,
        medium: &Medium,
        place: usize,
        name: &str,
    ) -> Result<&'static Metric, GraphError> {
        let is_old = self.version == "v21.0" && pacific_day(medium.published) <= IMPRESSIONS_UNTIL;
        let old = Some(IMPRESSIONS).filter(|old| is_old && old.name == name);
        let Some(metric) = old.or_else(|| METRICS.iter().find(|metric| metric.name == name)) else {
            let allowed: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            let message =
                format!("metric[{place}] must be one of the following values: {}", allowed.join(", "));
            let user = ("Unknown metric".to_owned(), format!("The metric {name} is not supported."));
            return Err(GraphError { user: Some(user), ..GraphError::parameter(message) });
        };
        if matches!(name, "crossposted_views" | "facebook_views") {
            let message = format!("(#100) The metric {name} is only available for cross-posted media");
            return Err(GraphError::new(100, Some(2_207_086), message));
        }
        if medium.parent.is_some()
            || !metric.products.contains(&medium.product)
            || self.quirks.refused_metrics.contains(name)
        {
            let message = format!(
                "The Media Insights API does not support the {name} metric for this media product type."
            );
            return Err(GraphError::parameter(message));
        }
        Ok(metric)
    }
}

/// The wanted breakdown, which every metric of the call must have.
fn checked_breakdown<'a>(metrics: &[&Metric], asked: &'a Field) -> Result<Option<&'a str>, GraphError> {
    let Some(breakdown) = asked.parameter("breakdown") else { return Ok(None) };
    let known: Vec<&str> = METRICS.iter().filter_map(|metric| metric.breakdown).collect();
    if !known.contains(&breakdown) {
        let message = format!("breakdown[0] must be one of the following values: {}", known.join(", "));
        return Err(GraphError::parameter(message));
    }
    match metrics.iter().find(|metric| metric.breakdown != Some(breakdown)) {
        Some(metric) => {
            let message = format!("Incompatible breakdowns ({breakdown}) for the metric {}", metric.name);
            Err(GraphError::parameter(message))
        }
        None => Ok(Some(breakdown)),
    }
}

fn shown(metric: &Metric, medium: &Medium, figures: &MediaFigures, breakdown: Option<&str>) -> Value {
    let value = value(metric.name, figures);
    let mut shown = json!({
        "name": metric.name, "period": "lifetime", "values": [{ "value": value }], "title": metric.title,
        "description": format!("{} of this medium", metric.title),
        "id": format!("{}/insights/{}/lifetime", medium.id, metric.name),
    });
    if let Some(dimension) = breakdown {
        let parts = if metric.name == "navigation" { &figures.navigation } else { &figures.profile_activity };
        let results: Vec<Value> = parts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| json!({ "dimension_values": [name], "value": count }))
            .collect();
        shown["total_value"] =
            json!({ "value": value, "breakdowns": [{ "dimension_keys": [dimension], "results": results }] });
    }
    shown
}

fn value(metric: &str, figures: &MediaFigures) -> Value {
    let sum = |parts: &[(&str, u64)]| parts.iter().map(|(_, count)| count).sum::<u64>();
    let count = match metric {
        "reach" => figures.reach,
        "shares" => figures.shares,
        "total_interactions" => figures.interactions(),
        "views" | "impressions" => figures.views,
        "reposts" => figures.reposts,
        "comments" => figures.comments,
        "likes" => figures.likes,
        "saved" => figures.saved,
        "follows" => figures.follows,
        "profile_visits" => figures.profile_visits,
        "profile_activity" => sum(&figures.profile_activity),
        "navigation" => sum(&figures.navigation),
        "replies" => figures.replies,
        "ig_reels_avg_watch_time" => figures.watch_ms,
        "ig_reels_video_view_total_time" => figures.watch_ms * figures.views,
        // A percentage, the one figure that is no whole number.
        _ => return json!(figures.skipped as f64 / 10.0),
    };
    count.into()
}
