//! Which figures a request gets: what it asked for, by names of today and of yesterday, against what is
//! stored.

use std::collections::BTreeMap;

use cekbrand_schema::metric::retired::{self, Retired, Successor};
use cekbrand_schema::metric::{METRICS, Metric};
use cekbrand_schema::{Absence, ProductType};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::query::figure::Known;

/// What is stored of a medium, by metric.
pub(super) type Stored = BTreeMap<String, Known>;

/// What there is to say of one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// It was read or pushed.
    Stored(Known),
    /// Nobody has read it so far.
    NotCollected,
    /// It exists no more, and nothing means the same.
    Unsupported,
}

impl Finding {
    /// Why there is no value, as far as that was told.
    fn absence(self) -> Option<Absence> {
        match self {
            Self::Stored(known) => known.observation.figure.absence(),
            Self::NotCollected => None,
            Self::Unsupported => Some(Absence::Unsupported),
        }
    }
}

/// A figure that an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) metric: String,
    pub(super) finding: Finding,
}

/// What became of a name that is not today's.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Notice {
    pub(super) asked: &'static str,
    /// The name under which the figure stands in the answer; `None` where there is no figure.
    #[schema(required = true)]
    pub(super) answered_with: Option<&'static str>,
    pub(super) message: String,
}

/// The figures of an answer, and what is to be said of the names that were asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) figures: Vec<Picked>,
    pub(super) notices: Vec<Notice>,
}

impl Selection {
    /// Everything that is stored: the metrics of today in the catalogue's order, then the others by name.
    pub(super) fn all(stored: &Stored) -> Self {
        let rank = |name: &str| METRICS.iter().position(|metric| metric.name == name);
        let mut names: Vec<_> = stored.keys().collect();
        names.sort_by_key(|name| rank(name).unwrap_or(METRICS.len()));
        let figure = |name: &String| Picked { metric: name.clone(), finding: Finding::Stored(stored[name]) };
        Self { figures: names.into_iter().map(figure).collect(), notices: Vec::new() }
    }

    /// What was asked for, in that order, each figure once.
    pub(super) fn of(
        asked: &[String],
        product: Option<ProductType>,
        stored: &Stored,
    ) -> Result<Self, Problem> {
        let mut selection = Self::default();
        for name in asked {
            selection.pick(name, product, stored)?;
        }
        Ok(selection)
    }

    fn pick(&mut self, name: &str, product: Option<ProductType>, stored: &Stored) -> Result<(), Problem> {
        let retired = retired::of_media(name);
        match (stored.get(name), retired) {
            // A retired metric that was pushed all the same is better than what resembles it.
            (Some(known), retired) => {
                self.notices.extend(retired.map(as_stored));
                self.add(name, Finding::Stored(*known));
            }
            (None, Some(retired)) => self.replace(retired, stored),
            (None, None) if metrics_of(product).any(|metric| metric.name == name) => {
                self.add(name, Finding::NotCollected);
            }
            (None, None) => return Err(unknown_metric(product, stored)),
        }
        Ok(())
    }

    fn replace(&mut self, retired: &'static Retired, stored: &Stored) {
        let Some(successor) = retired.successor.metric() else {
            self.notices.push(Notice {
                asked: retired.name,
                answered_with: None,
                message: format!("{} was retired, and {}.", retired.name, without_successor(retired)),
            });
            self.add(retired.name, Finding::Unsupported);
            return;
        };
        self.notices.push(Notice {
            asked: retired.name,
            answered_with: Some(successor),
            message: format!("{} was retired; {successor} is answered in its place.", retired.name),
        });
        let known = stored.get(successor);
        self.add(successor, known.map_or(Finding::NotCollected, |known| Finding::Stored(*known)));
    }

    fn add(&mut self, name: &str, finding: Finding) {
        if self.figures.iter().all(|there| there.metric != name) {
            self.figures.push(Picked { metric: name.to_owned(), finding });
        }
    }

    /// The problem that this is where every figure is withheld for one and the same reason.
    pub(super) fn withheld(&self) -> Option<Problem> {
        let all = |reason| self.figures.iter().all(|figure| figure.finding.absence() == Some(reason));
        if self.figures.is_empty() {
            None
        } else if all(Absence::NotEnoughViewers) {
            Some(Problem::InsufficientViewers)
        } else if all(Absence::Permission) {
            Some(Problem::PermissionDenied)
        } else {
            None
        }
    }
}

fn as_stored(retired: &'static Retired) -> Notice {
    Notice {
        asked: retired.name,
        answered_with: Some(retired.name),
        message: format!("{} was retired; this is what was pushed or read under this name.", retired.name),
    }
}

/// Why no figure of today is answered in the place of a retired one.
fn without_successor(retired: &Retired) -> String {
    match retired.successor {
        Successor::Part { metric, .. } => {
            let path = metric.replace('_', "-");
            format!("it is one part of `{metric}` today: see /api/instagram/insights/{{media_id}}/{path}")
        }
        Successor::Metric(_) | Successor::Nothing => "no metric of today means the same".to_owned(),
    }
}

/// The metrics that this kind of medium has; all where the kind is not known.
fn metrics_of(product: Option<ProductType>) -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().filter(move |metric| product.is_none_or(|product| metric.on.contains(&product)))
}

fn unknown_metric(product: Option<ProductType>, stored: &Stored) -> Problem {
    let mut allowed: Vec<String> = metrics_of(product).map(|metric| metric.name.to_owned()).collect();
    let others = stored.keys().filter(|name| !allowed.contains(name)).cloned();
    allowed.extend(others.collect::<Vec<_>>());
    let detail = match product {
        Some(product) => format!("A metric that was asked for does not exist for {product} media."),
        None => "A metric that was asked for does not exist.".to_owned(),
    };
    Problem::InvalidParameter { detail: detail.into(), allowed }
}

#[cfg(test)]
mod tests {
    use cekbrand_schema::{Figure, Observation, Source};
    use jiff::Timestamp;

    use super::*;

    fn stored(figures: &[(&str, Figure)]) -> Stored {
        let known = |figure| Known {
            observation: Observation { figure, observed_at: Timestamp::UNIX_EPOCH, source: Source::Poll },
            absent_since: None,
        };
        figures.iter().map(|(name, figure)| ((*name).to_owned(), known(*figure))).collect()
    }

    fn pick(asked: &str, product: Option<ProductType>, stored: &Stored) -> Selection {
        let asked: Vec<_> = asked.split(',').map(str::to_owned).collect();
        Selection::of(&asked, product, stored).unwrap()
    }

    fn picked(metric: &str, finding: Finding) -> Picked {
        Picked { metric: metric.to_owned(), finding }
    }

    #[test]
    fn old_names_are_answered_once_with_the_name_of_today() {
        let stored = stored(&[("views", Figure::count(7))]);
        let selection = pick("plays,impressions,views", None, &stored);
        assert_eq!(selection.figures, [picked("views", Finding::Stored(stored["views"]))]);
        let told: Vec<_> = selection.notices.iter().map(|n| (n.asked, n.answered_with)).collect();
        assert_eq!(told, [("plays", Some("views")), ("impressions", Some("views"))]);
    }

    #[test]
    fn a_replay_count_is_unsupported_even_where_a_watch_time_is_known() {
        let stored = stored(&[("ig_reels_video_view_total_time", Figure::count(7))]);
        let selection = pick("clips_replays_count", Some(ProductType::Reels), &stored);
        assert_eq!(selection.figures, [picked("clips_replays_count", Finding::Unsupported)]);
        assert_eq!(selection.notices[0].answered_with, None);
    }

    #[test]
    fn a_retired_metric_that_was_pushed_is_answered_as_it_came() {
        let stored = stored(&[("impressions", Figure::count(9)), ("views", Figure::count(7))]);
        let selection = pick("impressions", Some(ProductType::Story), &stored);
        assert_eq!(selection.figures, [picked("impressions", Finding::Stored(stored["impressions"]))]);
        assert_eq!(selection.notices.len(), 1);
    }

    #[test]
    fn a_metric_of_another_kind_of_medium_names_those_that_exist() {
        let stored = stored(&[("exits", Figure::count(9))]);
        let asked = ["likes".to_owned()];
        let Err(Problem::InvalidParameter { allowed, .. }) =
            Selection::of(&asked, Some(ProductType::Story), &stored)
        else {
            panic!("stories have no likes");
        };
        assert!(allowed.iter().any(|name| name == "views") && allowed.iter().all(|name| name != "likes"));
        assert!(allowed.iter().any(|name| name == "exits"));
        assert_eq!(pick("likes", None, &stored).figures[0].finding, Finding::NotCollected);
    }

    #[test]
    fn everything_stored_comes_in_a_fixed_order() {
        let value = Figure::count(1);
        let stored = stored(&[("zz_new", value), ("exits", value), ("reach", value), ("views", value)]);
        let all = Selection::all(&stored);
        let names: Vec<_> = all.figures.iter().map(|figure| figure.metric.as_str()).collect();
        assert_eq!(names, ["views", "reach", "exits", "zz_new"]);
    }

    #[test]
    fn only_figures_that_are_all_withheld_for_one_reason_are_a_problem() {
        let few = Figure::Absent(Absence::NotEnoughViewers);
        let denied = Figure::Absent(Absence::Permission);
        let of = |figures: &[(&str, Figure)]| Selection::all(&stored(figures)).withheld();
        assert!(matches!(of(&[("reach", few), ("views", few)]), Some(Problem::InsufficientViewers)));
        assert!(matches!(of(&[("reach", denied)]), Some(Problem::PermissionDenied)));
        assert!(of(&[("reach", few), ("views", denied)]).is_none());
        assert!(of(&[("reach", few), ("views", Figure::count(0))]).is_none());
        assert!(of(&[]).is_none());
    }
}
