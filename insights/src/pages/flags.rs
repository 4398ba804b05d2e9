//! What about an account needs somebody's attention, in words, the worst first.

use std::cmp::Reverse;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::format;
use super::words::{Lang, sentences};
use crate::query::pages::glance::AccountRow;

const TOKEN_ENDS_SOON: SignedDuration = SignedDuration::from_hours(10 * 24);
const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);
const QUOTA_IS_HIGH: i32 = 80;

/// One thing to look at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    pub(crate) text: String,
    pub(crate) weight: Weight,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    Note,
    Warning,
    /// Figures are being lost.
    Urgent,
}

impl Weight {
    /// The class of its mark.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Urgent => "urgent",
        }
    }
}

/// The flags of an account.
pub(crate) fn flags(lang: Lang, account: &AccountRow, now: Timestamp) -> Vec<Flag> {
    let zone = TimeZone::get(&account.timezone).unwrap_or(TimeZone::UTC);
    let mut flags = Vec::new();
    let mut raise = |weight, text: String| flags.push(Flag { text, weight });
    match account.token_state.as_deref() {
        None => raise(Weight::Urgent, sentences::no_token(lang).to_owned()),
        Some("dead") => raise(Weight::Urgent, sentences::token_dead(lang).to_owned()),
        Some(_) => {
            if let Some(left) = account.token_ends_at.map(|at| at.to_jiff().duration_since(now))
                && left < TOKEN_ENDS_SOON
            {
                raise(Weight::Warning, sentences::token_ends(lang, left));
            }
        }
    }
    if account.stories_at_risk > 0 {
        raise(Weight::Urgent, sentences::stories_at_risk(lang, account.stories_at_risk));
    }
    for alert in &account.alerts {
        match alert.as_str() {
            "not_subscribed" => raise(Weight::Urgent, sentences::not_subscribed(lang).to_owned()),
            "no_webhooks" => raise(Weight::Warning, sentences::no_webhooks(lang).to_owned()),
            "permission_missing" => raise(Weight::Warning, sentences::permission_missing(lang).to_owned()),
            // The token has words of its own, above.
            _ => {}
        }
    }
    if let Some(until) = account.blocked_until.map(jiff_sqlx::Timestamp::to_jiff)
        && until > now
    {
        raise(Weight::Warning, sentences::blocked_until(lang, &format::moment(lang, until, &zone)));
    }
    if let Some(percent) = account.usage_percent
        && percent >= QUOTA_IS_HIGH
    {
        raise(Weight::Warning, sentences::quota(lang, percent));
    }
    match account.last_post_at.map(jiff_sqlx::Timestamp::to_jiff) {
        None => raise(Weight::Note, sentences::never_posted(lang).to_owned()),
        Some(at) if now.duration_since(at) > SILENT_AFTER => {
            let day = format::week_day(lang, at.to_zoned(zone).date());
            raise(Weight::Note, sentences::silent_since(lang, &day));
        }
        Some(_) => {}
    }
    flags.sort_by_key(|flag| Reverse(flag.weight));
    flags
}
