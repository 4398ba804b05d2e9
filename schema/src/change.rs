//! One change: what the platform says has happened, before anybody has looked into its value.

use std::borrow::Cow;

use jiff::Timestamp;

/// One change of a delivery. The text borrows from the delivery's body.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'a> {
    /// `instagram`, `page`, `permissions`; `instagram` where the delivery does not say.
    pub object: Cow<'a, str>,
    /// `entry.id`: the account; empty where the delivery names none.
    pub account_id: Cow<'a, str>,
    /// `entry.time`: when Meta sent the notification.
    pub entry_time: Option<Timestamp>,
    /// The webhook field. For `messaging` items the field that Meta subscribes them under; [`UNKNOWN_FIELD`]
    /// where nothing says.
    pub field: Cow<'a, str>,
    /// The value exactly as received, or as it stood in what it was wrapped in; `null` for `changed_fields`,
    /// which come without values.
    pub value: Cow<'a, str>,
    /// Members of the delivery, the entry and the change that have no place above, as a JSON object.
    pub extra: Option<String>,
}

impl Change<'_> {
    /// Whether the App Dashboard's Test button sent it: such changes are kept as events and go no further.
    pub fn is_test(&self) -> bool {
        self.account_id == TEST_ACCOUNT
    }
}

/// Whether a change's value is read into rows; such values are JSON objects.
pub fn is_read(object: &str, field: &str) -> bool {
    object == "instagram" && matches!(field, "comments" | "live_comments" | "mentions" | "story_insights")
}

/// The account of the App Dashboard's test deliveries, and of its samples, which name none.
pub const TEST_ACCOUNT: &str = "0";

/// The field of an item that does not name one.
pub const UNKNOWN_FIELD: &str = "unknown";
