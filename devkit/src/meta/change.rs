//! One change as Meta reports it: whom it concerns, the JSON of its value, and what it asks of the receiver.

use serde_json::Value;

use crate::meta_json::as_meta_writes;

/// Where in its entry a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// `changes: [{field, value}]`.
    Changes,
    /// `field` and `value` in the entry itself.
    Flat,
    /// `messaging: [item]`.
    Messaging,
    /// `standby: [item]`.
    Standby,
    /// `changed_fields: [name]`, without a value.
    ChangedFields,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `instagram`, `permissions` or `page`.
    pub object: &'static str,
    /// `entry.id`.
    pub account: String,
    /// The field, or for messages the kind of the item.
    pub field: String,
    /// The value as it goes over the wire; empty for [`Shape::ChangedFields`].
    pub value: String,
    /// Where it stands in its entry.
    pub shape: Shape,
    /// `entry.time` as JSON; empty if it is left out.
    pub time: String,
    /// Whether `entry.time` is part of what makes it this change, as for changes without an id of their own.
    pub time_counts: bool,
    /// The medium a comment is under, if the value says so.
    pub media: Option<String>,
    /// The medium of a comment whose value does not say so: only reading the comment tells.
    pub hidden_media: Option<String>,
    /// For a comment on an advertisement: the organic medium.
    pub original_media: Option<String>,
    /// The comment.
    pub comment: Option<String>,
    /// The story, for `story_insights`.
    pub story: Option<String>,
    /// Whether a comment lacks text, author or medium.
    pub lacks_something: bool,
    /// Whether the dashboard's Test button sent it.
    pub is_test: bool,
}

impl Change {
    /// A change with nothing but a value; the rest is set by the caller.
    pub(super) fn new(account: &str, field: &str, value: &Value) -> Self {
        Self {
            object: "instagram",
            account: account.to_owned(),
            field: field.to_owned(),
            value: as_meta_writes(&value.to_string()),
            shape: Shape::Changes,
            time: String::new(),
            time_counts: false,
            media: None,
            hidden_media: None,
            original_media: None,
            comment: None,
            story: None,
            lacks_something: false,
            is_test: false,
        }
    }
}
