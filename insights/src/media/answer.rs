//! The shapes of answers about one medium. Field names are those that readers already know.

use cekbrand_schema::metric::{self, retired};
use cekbrand_schema::{Absence, MediaId, Source};
use serde::Serialize;
use utoipa::ToSchema;

use super::selection::{Finding, Notice, Picked, Selection};
use crate::iso::Iso;
use crate::number::Number;
use crate::query::figure::{Known, LaterAbsence};

/// Where no reading of a figure exists; every other word is an [`Absence`] that a reading told.
const NOT_COLLECTED: &str = "not_collected";

/// Which medium an answer is about.
pub(super) struct Head {
    pub(super) media_id: MediaId,
    /// The kind of the medium as Meta told it, in capitals.
    pub(super) media_type: Option<String>,
}

/// The figures of one medium.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaAnswer {
    #[schema(value_type = String)]
    media_id: MediaId,
    #[schema(required = true)]
    media_type: Option<String>,
    insights: Vec<Insight>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    notices: Vec<Notice>,
}

impl MediaAnswer {
    pub(super) fn new(head: Head, selection: Selection) -> Self {
        Self {
            media_id: head.media_id,
            media_type: head.media_type,
            insights: selection.figures.into_iter().map(Insight::new).collect(),
            notices: selection.notices,
        }
    }
}

/// One metric of one medium.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Insight {
    name: String,
    period: &'static str,
    #[schema(value_type = Vec<InsightValue>, min_items = 1, max_items = 1)]
    values: [InsightValue; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
    #[serde(flatten)]
    provenance: Provenance,
}

impl Insight {
    pub(super) fn new(picked: Picked) -> Self {
        let Picked { metric: name, finding } = picked;
        let today = metric::find(&name);
        let retired = retired::of_media(&name);
        let provenance = Provenance::new(finding);
        Self {
            period: "lifetime",
            values: [InsightValue { value: provenance.value }],
            title: today.map(|metric| metric.title).or(retired.map(|retired| retired.title)),
            description: today.map(|metric| metric.description),
            provenance,
            name,
        }
    }

    /// The one value.
    pub(super) fn value(&self) -> Option<Number> {
        self.values[0].value
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InsightValue {
    #[schema(value_type = Option<f64>, required = true)]
    value: Option<Number>,
}

/// How a figure came to be known, or why it is not.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Provenance {
    #[serde(skip)]
    pub(super) value: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absence: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    source: Option<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<Iso>,
    /// A later reading found no figure any more: the value is what was last known.
    #[serde(skip_serializing_if = "Option::is_none")]
    absent_since: Option<AbsentSince>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct AbsentSince {
    #[schema(value_type = String)]
    absence: Absence,
    observed_at: Iso,
}

impl From<LaterAbsence> for AbsentSince {
    fn from(later: LaterAbsence) -> Self {
        Self { absence: later.absence, observed_at: Iso(later.observed_at) }
    }
}

impl Provenance {
    fn new(finding: Finding) -> Self {
        match finding {
            Finding::Stored(known) => Self::of(known),
            Finding::NotCollected => Self::without(NOT_COLLECTED),
            Finding::Unsupported => Self::without(Absence::Unsupported.as_str()),
        }
    }

    pub(super) fn of(known: Known) -> Self {
        let observation = known.observation;
        let absent_since = known.absent_since.map(AbsentSince::from);
        Self {
            value: observation.figure.value().map(Number),
            absence: observation.figure.absence().map(Absence::as_str),
            source: Some(observation.source),
            observed_at: Some(Iso(observation.observed_at)),
            absent_since,
        }
    }

    fn without(absence: &'static str) -> Self {
        Self { value: None, absence: Some(absence), source: None, observed_at: None, absent_since: None }
    }
}
