//! Topics and lanes: where a change travels. A lane is a topic with a consumer of its own, so that a flood in
//! one cannot delay another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One lane of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Story figures, which cannot be had again.
    StoryInsights,
    /// Comments, live comments and mentions.
    Comments,
    /// Every other field, kept.
    Other,
    /// Permissions, deauthorisation, deletion.
    Control,
    /// What could not be parsed, as bytes.
    DeadLetter,
}

impl Lane {
    /// All lanes, the most urgent first.
    pub const ALL: [Self; 5] =
        [Self::StoryInsights, Self::Comments, Self::Other, Self::Control, Self::DeadLetter];

    /// The lane of a change, by its object and field.
    pub fn of(object: &str, field: &str) -> Self {
        if object == "permissions" || object == SIGNED_REQUEST {
            return Self::Control;
        }
        match field {
            "story_insights" => Self::StoryInsights,
            "comments" | "live_comments" | "mentions" => Self::Comments,
            _ => Self::Other,
        }
    }

    /// The topic's name without a prefix.
    pub const fn topic(self) -> &'static str {
        match self {
            Self::StoryInsights => "instagram.story-insights.v1",
            Self::Comments => "instagram.comments.v1",
            Self::Other => "instagram.other.v1",
            Self::Control => "instagram.control.v1",
            Self::DeadLetter => "instagram.dead-letter.v1",
        }
    }

    /// The lane's name, as in consumer groups and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StoryInsights => "story-insights",
            Self::Comments => "comments",
            Self::Other => "other",
            Self::Control => "control",
            Self::DeadLetter => "dead-letter",
        }
    }

    /// The lane's place in [`Lane::ALL`], for tables indexed by lane.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no [`Lane`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no lane: use story-insights, comments, other, control or dead-letter")]
pub struct UnknownLane(String);

impl FromStr for Lane {
    type Err = UnknownLane;

    fn from_str(name: &str) -> Result<Self, UnknownLane> {
        Self::ALL.into_iter().find(|l| l.as_str() == name).ok_or_else(|| UnknownLane(name.to_owned()))
    }
}

/// The object of changes that came as Meta's `signed_request`: deauthorisation and data deletion.
pub const SIGNED_REQUEST: &str = "signed_request";

/// The names in Kafka of every lane's topic and consumer group, under the installation's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    prefix: String,
    names: [String; 5],
}

impl Topics {
    /// Names under `prefix`, which may be empty.
    pub fn with_prefix(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), names: Lane::ALL.map(|lane| format!("{prefix}{}", lane.topic())) }
    }

    /// The topic of a lane.
    pub fn topic(&self, lane: Lane) -> &str {
        &self.names[lane.index()]
    }

    /// The consumer group of a lane.
    pub fn group(&self, lane: Lane) -> String {
        format!("{}cekbrand.{lane}", self.prefix)
    }

    /// The lane that a topic belongs to.
    pub fn lane(&self, topic: &str) -> Option<Lane> {
        Lane::ALL.into_iter().find(|lane| self.topic(*lane) == topic)
    }

    /// Every lane with its topic.
    pub fn iter(&self) -> impl Iterator<Item = (Lane, &str)> {
        Lane::ALL.into_iter().map(|lane| (lane, self.topic(lane)))
    }
}

/// Names of the Kafka headers that travel with a record.
pub mod header {
    /// The event id, 64 hexadecimal digits.
    pub const EVENT_ID: &str = "event-id";
    /// The envelope's version, decimal.
    pub const SCHEMA_VERSION: &str = "schema-version";
    /// The span that the record's landing goes on from, where traces are on: W3C's `traceparent`.
    pub const TRACEPARENT: &str = "traceparent";
    /// How often the record was published again after it had become a dead letter, decimal.
    pub const ATTEMPT: &str = "attempt";
    /// Dead letter: why the bytes could not be read.
    pub const REASON: &str = "reason";
    /// Dead letter: the number of this part, from 0.
    pub const PART: &str = "part";
    /// Dead letter: into how many parts the body was cut.
    pub const PARTS: &str = "parts";
    /// Dead letter: when the delivery arrived, RFC 3339.
    pub const RECEIVED_AT: &str = "received-at";
    /// Dead letter: the label of the secret whose signature matched.
    pub const SECRET_LABEL: &str = "secret";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_travels_in_its_lane() {
        assert_eq!(Lane::of("instagram", "story_insights"), Lane::StoryInsights);
        for field in ["comments", "live_comments", "mentions"] {
            assert_eq!(Lane::of("instagram", field), Lane::Comments);
        }
        assert_eq!(Lane::of("permissions", "instagram_basic"), Lane::Control);
        assert_eq!(Lane::of(SIGNED_REQUEST, "data_deletion"), Lane::Control);
        assert_eq!(Lane::of("instagram", "not-supported"), Lane::Other);
        assert_eq!(Lane::of("page", "messages"), Lane::Other);
    }

    #[test]
    fn names_are_found_again() {
        let topics = Topics::with_prefix("test.");
        for (lane, topic) in topics.iter() {
            assert_eq!(topics.lane(topic), Some(lane));
            assert_eq!(lane.as_str().parse(), Ok(lane));
            assert_eq!(Lane::ALL[lane.index()], lane);
        }
        assert_eq!(topics.topic(Lane::Comments), "test.instagram.comments.v1");
        assert_eq!(topics.group(Lane::Comments), "test.cekbrand.comments");
        assert_eq!(Topics::with_prefix("").group(Lane::Other), "cekbrand.other");
    }
}
