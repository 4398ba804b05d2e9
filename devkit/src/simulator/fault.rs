//! Faults on demand: what goes wrong, for which calls, how often.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::calls::CallKind;
use super::error::GraphError;

/// What a fault does to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Effect {
    /// Any error envelope.
    Error {
        /// Meta's code.
        code: i64,
        /// Meta's subcode.
        #[serde(default)]
        subcode: Option<i64>,
        /// The message; a plain one if absent.
        #[serde(default)]
        message: Option<String>,
        /// The HTTP status; 400 if absent.
        #[serde(default)]
        status: Option<u16>,
        /// Whether Meta calls it passing.
        #[serde(default)]
        is_transient: Option<bool>,
    },
    /// #10: fewer than five viewers.
    NotEnoughViewers,
    /// #10: the application may not.
    NoPermission,
    /// 100/33.
    Gone,
    /// 100/2108006.
    BeforeConversion,
    /// 190 with this subcode, for this call; `Simulator::kill_token` does it for good.
    TokenDead {
        /// 463 is an expired session.
        subcode: i64,
    },
    /// 80002 for this call, with the minutes in the header; `Simulator::block` does it for a while.
    Throttled {
        /// `estimated_time_to_regain_access`.
        minutes: u64,
    },
    /// #4, for the whole application.
    AppThrottled,
    /// 368.
    PolicyBlock,
    /// A metric of this fault's scope is refused as unknown for the product type.
    UnsupportedMetric,
    /// Insights without data.
    EmptyData,
    /// The number of likes is left out.
    HiddenLikes,
    /// The link to the picture is left out, as for media that violate somebody's rights.
    FlaggedMedia,
    /// The answer takes this much longer (real time).
    Latency {
        /// Milliseconds.
        millis: u64,
    },
    /// An HTML page with status 502.
    Html,
    /// Status 200 and half of the answer.
    TruncatedJson,
    /// Status 500, code 2, `is_transient`.
    ServerError,
    /// The connection ends in the middle of the answer.
    Cut,
}

impl Effect {
    /// Whether the call goes on and is answered, only differently.
    const fn lets_pass(&self) -> bool {
        use Effect::{EmptyData, FlaggedMedia, HiddenLikes, Latency, UnsupportedMetric};
        matches!(self, EmptyData | FlaggedMedia | HiddenLikes | Latency { .. } | UnsupportedMetric)
    }

    /// The error this effect answers with, if it is one.
    pub(super) fn error(&self, target: &str) -> Option<GraphError> {
        Some(match self {
            Self::Error { code, subcode, message, status, is_transient } => {
                let message =
                    message.clone().unwrap_or_else(|| format!("(#{code}) Message describing the error"));
                let status = status.unwrap_or(400);
                GraphError {
                    status,
                    is_transient: *is_transient,
                    ..GraphError::new(*code, *subcode, message)
                }
            }
            Self::NotEnoughViewers => GraphError::not_enough_viewers(),
            Self::NoPermission => GraphError::no_permission(),
            Self::Gone => GraphError::gone(target),
            Self::BeforeConversion => GraphError::before_conversion(),
            Self::TokenDead { subcode } => GraphError::token_dead(*subcode),
            Self::Throttled { .. } => GraphError::account_throttled(),
            Self::AppThrottled => GraphError::app_throttled(),
            Self::PolicyBlock => GraphError::policy_block(),
            Self::ServerError => GraphError::passing(),
            Self::UnsupportedMetric | Self::EmptyData | Self::HiddenLikes | Self::FlaggedMedia => {
                return None;
            }
            Self::Latency { .. } | Self::Html | Self::TruncatedJson | Self::Cut => return None,
        })
    }
}

/// An effect and the calls it applies to: those that match every given part of the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub effect: Effect,
    /// Only calls with this account's token.
    #[serde(default)]
    pub account: Option<String>,
    /// Only calls about this id.
    #[serde(default)]
    pub target: Option<String>,
    /// Only calls that want this metric.
    #[serde(default)]
    pub metric: Option<String>,
    /// Only calls of this kind.
    #[serde(default)]
    pub kind: Option<CallKind>,
    /// Only the next so many calls; without it, until it is removed.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Fault {
    /// A fault of every call, until it is removed.
    pub const fn new(effect: Effect) -> Self {
        Self { effect, account: None, target: None, metric: None, kind: None, times: None }
    }

    /// Only calls with this account's token.
    #[must_use]
    pub fn for_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Only calls about this id.
    #[must_use]
    pub fn for_target(mut self, target: &str) -> Self {
        self.target = Some(target.to_owned());
        self
    }

    /// Only calls that want this metric.
    #[must_use]
    pub fn for_metric(mut self, metric: &str) -> Self {
        self.metric = Some(metric.to_owned());
        self
    }

    /// Only calls of this kind.
    #[must_use]
    pub fn for_kind(mut self, kind: CallKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only the next `times` calls.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn matches(&self, subject: &Subject<'_>) -> bool {
        self.account.as_deref().is_none_or(|account| account == subject.account)
            && self.target.as_deref().is_none_or(|target| subject.targets.iter().any(|id| id == target))
            && self.metric.as_deref().is_none_or(|metric| subject.metrics.contains(metric))
            && self.kind.is_none_or(|kind| kind == subject.kind)
    }
}

/// What a call is about, for matching.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub(super) account: &'a str,
    pub(super) targets: &'a [String],
    pub(super) metrics: &'a BTreeSet<String>,
    pub(super) kind: CallKind,
}

/// What the faults do to one call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Quirks {
    /// The effect that decides the answer; the first that matched.
    pub(super) decides: Option<Effect>,
    pub(super) latency_ms: u64,
    pub(super) empty_data: bool,
    pub(super) hidden_likes: bool,
    pub(super) flagged_media: bool,
    pub(super) refused_metrics: BTreeSet<String>,
}

/// The faults that are switched on, each with its number.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: Mutex<(u64, Vec<(u64, Fault)>)>,
}

impl Faults {
    pub(super) fn add(&self, fault: Fault) -> u64 {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.0 += 1;
        let number = list.0;
        list.1.push((number, fault));
        number
    }

    pub(super) fn remove(&self, number: u64) -> bool {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let before = list.1.len();
        list.1.retain(|(other, _)| *other != number);
        list.1.len() < before
    }

    pub(super) fn clear(&self) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).1.clear();
    }

    /// How a call that is no read fails: only faults that name its kind strike it.
    pub(super) fn strike_named(&self, kind: CallKind) -> Option<GraphError> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = list.1.iter_mut().map(|(_, fault)| fault).find(|fault| fault.kind == Some(kind))?;
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
        }
        let error = fault.effect.error("");
        list.1.retain(|(_, fault)| fault.times != Some(0));
        error
    }

    /// What the faults do to this call; counts down those that apply a number of times.
    pub(super) fn strike(&self, subject: &Subject<'_>) -> Quirks {
        let mut quirks = Quirks::default();
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, fault) in &mut list.1 {
            let spent = fault.times == Some(0) || (quirks.decides.is_some() && !fault.effect.lets_pass());
            if spent || !fault.matches(subject) {
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
            match &fault.effect {
                Effect::Latency { millis } => quirks.latency_ms += millis,
                Effect::EmptyData => quirks.empty_data = true,
                Effect::HiddenLikes => quirks.hidden_likes = true,
                Effect::FlaggedMedia => quirks.flagged_media = true,
                Effect::UnsupportedMetric => match &fault.metric {
                    Some(metric) => drop(quirks.refused_metrics.insert(metric.clone())),
                    None => quirks.refused_metrics.extend(subject.metrics.iter().cloned()),
                },
                deciding => quirks.decides = Some(deciding.clone()),
            }
        }
        list.1.retain(|(_, fault)| fault.times != Some(0));
        quirks
    }
}
