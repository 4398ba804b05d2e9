//! What a change's payload says, typed. Read from the raw value at landing; whatever is missing or odd is
//! `None`, never an error.

use crate::change::is_read;
use crate::figure::Figure;
use crate::ids::{CommentId, MediaId, UserId};
use crate::value::Value;

/// A payload that has rows of its own, or [`Payload::Other`].
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// `comments` and `live_comments`.
    Comment(Comment),
    /// `story_insights`.
    StoryInsights(StoryInsights),
    /// `mentions`.
    Mention(Mention),
    /// A field that is read, with a value that cannot be: kept as an event, and counted where an operator
    /// sees it.
    Unreadable(Unreadable),
    /// Every other field, and fields without a value: kept as events.
    Other,
}

/// Why the value of a field that is read could not be. The names are metric labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreadable {
    /// No JSON type can hold it: nested too deeply, or a number beyond all numbers.
    BeyondJson,
    /// It is no object.
    NotAnObject,
    /// It does not say what it is about.
    NoSubject,
}

impl Unreadable {
    /// The name used as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeyondJson => "beyond_json",
            Self::NotAnObject => "not_an_object",
            Self::NoSubject => "no_subject",
        }
    }
}

/// A comment as the webhook tells it. It gives no time of creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The comment.
    pub id: CommentId,
    /// Its text; NUL and lone surrogates are U+FFFD.
    pub text: Option<String>,
    /// Who wrote it, as an app-scoped id.
    pub from_id: Option<UserId>,
    /// Who wrote it, by name.
    pub username: Option<String>,
    /// The medium it stands under: for an ad, the ad's copy.
    pub media_id: Option<MediaId>,
    /// `FEED`, `REELS`, `STORY`, `LIVE`, `AD`.
    pub media_product_type: Option<String>,
    /// The ad, where the medium is an ad's copy.
    pub ad_id: Option<String>,
    /// The organic medium of which the ad shows a copy.
    pub original_media_id: Option<MediaId>,
    /// The comment that this one answers.
    pub parent_id: Option<CommentId>,
    /// Whether it came as a live comment, readable only while the broadcast runs.
    pub live: bool,
}

impl Comment {
    /// The medium for which the comment counts: the organic one.
    pub fn organic_media_id(&self) -> Option<&MediaId> {
        self.original_media_id.as_ref().or(self.media_id.as_ref())
    }

    /// Whether the payload lacks text, author or medium, so that only a read can complete it.
    pub fn is_incomplete(&self) -> bool {
        self.text.is_none() || self.media_id.is_none() || (self.username.is_none() && self.from_id.is_none())
    }
}

/// A story's final figures, sent about an hour after it expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryInsights {
    /// The story.
    pub media_id: MediaId,
    /// Metric names in lower case, sorted, with their figures; -1 is `suppressed`. Unknown numeric metrics
    /// are kept.
    pub figures: Vec<(String, Figure)>,
}

/// Somebody mentioned the account in a caption or a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The medium, mostly somebody else's.
    pub media_id: Option<MediaId>,
    /// The comment, where the mention stands in one.
    pub comment_id: Option<CommentId>,
}

impl Payload {
    /// Reads the payload of `field` of object `instagram` from its raw JSON value.
    pub fn read(field: &str, raw: &str) -> Self {
        // Without a value a field says only that it changed.
        if !is_read("instagram", field) || raw == "null" {
            return Self::Other;
        }
        let Some(value) = Value::read_repaired(raw) else {
            return Self::Unreadable(Unreadable::BeyondJson);
        };
        if !matches!(value, Value::Object(_)) {
            return Self::Unreadable(Unreadable::NotAnObject);
        }
        let payload = match field {
            "comments" => comment(&value, false).map(Self::Comment),
            "live_comments" => comment(&value, true).map(Self::Comment),
            "story_insights" => story_insights(&value).map(Self::StoryInsights),
            _ => mention(&value).map(Self::Mention),
        };
        payload.unwrap_or(Self::Unreadable(Unreadable::NoSubject))
    }
}

fn comment(value: &Value<'_>, live: bool) -> Option<Comment> {
    let (from, media) = (value.get("from"), value.get("media"));
    Some(Comment {
        id: id(value.get("id")).or_else(|| id(value.get("comment_id")))?.into(),
        text: text(value.get("text")),
        from_id: id(from.get("id")).map(Into::into),
        username: text(from.get("username")),
        media_id: id(media.get("id")).or_else(|| id(value.get("media_id"))).map(Into::into),
        media_product_type: text(media.get("media_product_type")),
        ad_id: id(media.get("ad_id")),
        original_media_id: id(media.get("original_media_id")).map(Into::into),
        parent_id: id(value.get("parent_id")).map(Into::into),
        live,
    })
}

fn story_insights(value: &Value<'_>) -> Option<StoryInsights> {
    let figures = value.members().iter().filter(|(name, _)| !name.ends_with("_id") && name != "id");
    Some(StoryInsights {
        media_id: id(value.get("media_id"))?.into(),
        figures: figures
            .filter_map(|(name, figure)| {
                Some((clean(name.to_lowercase()), Figure::from_story_webhook(figure.number()?)))
            })
            .collect(),
    })
}

fn mention(value: &Value<'_>) -> Option<Mention> {
    let mention = Mention {
        media_id: id(value.get("media_id")).map(Into::into),
        comment_id: id(value.get("comment_id")).map(Into::into),
    };
    (mention.media_id.is_some() || mention.comment_id.is_some()).then_some(mention)
}

fn id(value: &Value<'_>) -> Option<String> {
    value.id().map(|id| clean(id.into_owned()))
}

fn text(value: &Value<'_>) -> Option<String> {
    value.text().map(std::borrow::Cow::into_owned)
}

/// Text that PostgreSQL can hold.
fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Absence;
    use proptest::prelude::*;

    fn read_comment(raw: &str) -> Comment {
        match Payload::read("comments", raw) {
            Payload::Comment(comment) => comment,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_comment_on_an_ad_counts_for_the_organic_medium() {
        let comment = read_comment(
            r#"{"from":{"id":7,"username":"u"},"comment_id":"c","parent_id":"p","text":"t",
                "media":{"id":"copy","ad_id":"ad","ad_title":"x","original_media_id":"post","media_product_type":"AD"}}"#,
        );
        assert_eq!(comment.id.as_str(), "c");
        assert_eq!(comment.media_id.as_ref().unwrap().as_str(), "copy");
        assert_eq!(comment.organic_media_id().unwrap().as_str(), "post");
        assert_eq!(comment.ad_id.as_deref(), Some("ad"));
        assert!(!comment.is_incomplete());
    }

    #[test]
    fn a_payload_with_only_an_id_and_text_is_incomplete() {
        assert!(read_comment(r#"{"text":"t","id":"1"}"#).is_incomplete());
        assert!(read_comment(r#"{"id":"1","from":{"id":"2"},"media":{"id":"3"}}"#).is_incomplete());
    }

    #[test]
    fn nul_and_lone_surrogates_become_replacement_characters() {
        assert_eq!(
            read_comment(r#"{"id":"1","text":"a\u0000b\ud800c"}"#).text.unwrap(),
            "a\u{fffd}b\u{fffd}c"
        );
    }

    #[test]
    fn story_figures_keep_unknown_metrics_and_suppress_minus_one() {
        let raw = r#"{"media_id":18,"reach":"17","exits":-1,"replies":0,"New_Metric":5,"navigation":{"a":1},"share":1.5}"#;
        let Payload::StoryInsights(story) = Payload::read("story_insights", raw) else { panic!() };
        assert_eq!(story.media_id.as_str(), "18");
        let expected = [
            ("new_metric", Figure::count(5)),
            ("exits", Figure::Absent(Absence::Suppressed)),
            ("reach", Figure::count(17)),
            ("replies", Figure::count(0)),
            ("share", Figure::Value("1.5".parse().unwrap())),
        ];
        assert_eq!(story.figures, expected.map(|(name, figure)| (name.to_owned(), figure)));
    }

    #[test]
    fn what_a_field_that_is_read_cannot_be_read_from_is_told_apart_from_a_field_that_nobody_reads() {
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        let cases = [
            ("5", Unreadable::NotAnObject),
            ("[]", Unreadable::NotAnObject),
            (r#""{\"id\":\"1\"}""#, Unreadable::NotAnObject),
            ("{}", Unreadable::NoSubject),
            (r#"{"id":""}"#, Unreadable::NoSubject),
            (deep.as_str(), Unreadable::BeyondJson),
            (r#"{"id":"1","media_id":"1","n":1e999}"#, Unreadable::BeyondJson),
        ];
        for (raw, reason) in cases {
            for field in ["comments", "story_insights", "mentions", "live_comments"] {
                assert_eq!(Payload::read(field, raw), Payload::Unreadable(reason), "{field} {raw:.30}");
            }
            assert_eq!(Payload::read("x", raw), Payload::Other);
        }
        for field in ["comments", "story_insights", "mentions", "live_comments"] {
            assert_eq!(Payload::read(field, "null"), Payload::Other, "changed_fields give no value");
        }
    }

    proptest! {
        #[test]
        fn no_json_makes_the_reader_panic(raw in r#"[\[\]{}":,a-z0-9\\u.-]{0,60}"#) {
            for field in ["comments", "story_insights", "mentions"] {
                Payload::read(field, &raw);
            }
        }
    }
}
