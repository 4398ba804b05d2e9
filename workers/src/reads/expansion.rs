//! What comes along with a list of media in the same call: figures that posts and reels both have, and the
//! first comments below each. One medium that Meta refuses them for fails the whole call, so that it is then
//! made without, and for a while not asked for.

use cekbrand_graph::insight::Insight;
use cekbrand_graph::{Disposition, GraphError};
use cekbrand_schema::{ProductType, metric};
use serde_json::Value;

use super::comments::{self, FIELDS};
use super::read::{Call, Instead, Job, Known, Seen, Walked};
use super::{figures, medium};
use crate::rows::comment::Page;
use crate::rows::facts::Facts;
use crate::rows::{Rows, Told};

/// Under these names it is remembered that an account is refused them.
pub const FIGURES: &str = "list/insights";
/// The comments.
pub const COMMENTS: &str = "list/comments";

const INSIGHTS: &str = "insights.metric(";
const BELOW: &str = "comments.limit(";
/// Comments of each medium, and replies to each of them.
const COMMENTS_EACH: usize = 10;

/// What comes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Along {
    /// The figures.
    pub(super) figures: bool,
    /// The comments.
    pub(super) comments: bool,
}

impl Along {
    /// All that the account is not refused.
    pub(super) fn of(known: &Known) -> Self {
        let is_refused = |name: &str| {
            known.account.as_ref().is_some_and(|account| account.refused.contains(name))
                || known.widely_refused.contains(&name)
        };
        Self { figures: !is_refused(FIGURES), comments: !is_refused(COMMENTS) }
    }

    fn asked(fields: &str) -> Self {
        Self { figures: fields.contains(INSIGHTS), comments: fields.contains(BELOW) }
    }

    /// The fields of a medium, and what comes along.
    pub(super) fn fields(self, of_medium: &str) -> String {
        let mut fields = vec![of_medium.to_owned()];
        if self.figures {
            fields.push(format!("{INSIGHTS}{})", metric::in_list().join(",")));
        }
        if self.comments {
            let replies = format!("replies.limit({COMMENTS_EACH}){{{FIELDS}}}");
            fields.push(format!("{BELOW}{COMMENTS_EACH}){{{FIELDS},{replies}}}"));
        }
        fields.join(",")
    }
}

/// The rows of what came along with each medium.
pub(super) fn rows(job: Job<'_>, call: &Call, content: &Value) -> Rows {
    let fields = call.request.parameter("fields").unwrap_or_default();
    let asked = asked_figures(fields);
    let mut rows = Rows::default();
    for item in items(content) {
        let Some(id) = cekbrand_graph::json::id(item, "id") else { continue };
        let job = Job { target_id: &id, ..job };
        if let Some(insights) = item.get("insights").and_then(Insight::read_all) {
            rows.append(figures::rows(job, &known(item), &asked, &insights));
        }
        let is_past = job.variant.is_empty();
        if let Some(page) = item.get("comments").and_then(|list| Page::below(&id, list, is_past)) {
            rows.told.push(Told::Comments(Box::new(page), job.reading()));
        }
    }
    rows
}

/// What was told of each medium.
pub(super) fn seen(job: Job<'_>, call: &Call, content: &Value) -> Vec<Seen> {
    let along = Along::asked(call.request.parameter("fields").unwrap_or_default());
    let of = |item: &Value| {
        let media_id = cekbrand_graph::json::id(item, "id")?;
        let comments = if along.comments { walked(job, item) } else { None };
        Some(Seen { media_id, is_node: true, comments })
    };
    items(content).filter_map(of).collect()
}

/// The same call with less, after a refusal; what was left out is remembered once it is answered.
pub(super) fn less(call: &Call, error: &GraphError, of_medium: &str) -> Instead {
    let along = Along::asked(call.request.parameter("fields").unwrap_or_default());
    let is_too_much = error.disposition() == Disposition::Retry { shrink: true };
    let may_be_to_blame = is_too_much
        || matches!(
            error.disposition(),
            Disposition::BadParameter
                | Disposition::NotEnoughViewers
                | Disposition::PostedBeforeBusiness
                | Disposition::Permission
                | Disposition::Gone
                | Disposition::WrongRequest
        );
    if !may_be_to_blame || along == (Along { figures: false, comments: false }) {
        return medium::smaller(call, error);
    }
    // Comments are what makes an answer large, figures what single media are refused.
    let drops_comments = along.comments && (is_too_much || !along.figures);
    let (left, dropped) = if drops_comments {
        (Along { comments: false, ..along }, COMMENTS)
    } else {
        (Along { figures: false, ..along }, FIGURES)
    };
    let request = call.request.clone().replaced("fields", left.fields(of_medium));
    Instead { calls: vec![Call { request, ..call.clone() }], bad: vec![dropped] }
}

fn items(content: &Value) -> impl Iterator<Item = &Value> {
    content.get("data").and_then(Value::as_array).into_iter().flatten()
}

/// The metrics that a list was asked with.
fn asked_figures(fields: &str) -> Vec<&'static str> {
    let names = fields.split_once(INSIGHTS).and_then(|(_, rest)| rest.split_once(')'));
    names.map(|(names, _)| figures::asked(names)).unwrap_or_default()
}

/// What the item itself says of the medium.
fn known(item: &Value) -> Known {
    let text = |name| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let product = text("media_product_type").or_else(|| Some(ProductType::Feed.as_str().to_owned()));
    let published = cekbrand_graph::json::time(item, "timestamp");
    Known { medium: Some(Facts { published, product, ..Facts::default() }), ..Known::default() }
}

/// Which comments are known after an item. A medium with none comes without a list.
fn walked(job: Job<'_>, item: &Value) -> Option<Walked> {
    let Some(list) = item.get("comments") else {
        let is_bare = item.get("comments_count").and_then(Value::as_u64) == Some(0);
        return is_bare.then_some(Walked::All);
    };
    list.get("data")?.as_array()?;
    if list.pointer("/paging/next").is_none() {
        return Some(Walked::All);
    }
    let oldest = comments::oldest(list)?;
    (!comments::is_recent(oldest, job.at)).then_some(Walked::Newest)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    const BOTH: Along = Along { figures: true, comments: true };

    fn call(along: Along) -> Call {
        let request = cekbrand_graph::Request::edge("ig_user_media", "178", "media");
        let smaller = Some(request.clone().with("fields", "id").with("limit", "25"));
        Call { request: request.with("fields", along.fields("id")), metrics: Vec::new(), smaller }
    }

    fn job() -> Job<'static> {
        let at = "2026-11-20T05:00:00Z".parse::<Timestamp>().unwrap();
        Job { target_id: "178", account_id: "178", variant: "", cursor: "", api_version: "v25.0", at }
    }

    fn refused(code: i64, message: &str) -> GraphError {
        let error = json!({"error": {"code": code, "message": message}});
        GraphError::refused(&cekbrand_graph::envelope::ErrorEnvelope::read(&error).unwrap(), None)
    }

    #[test]
    fn a_refusal_is_answered_with_less_until_the_plain_list_is_left() {
        let too_much = refused(1, "Please reduce the amount of data you're asking for, then retry");
        let bad_metric = refused(100, "(#100) The Media Insights API does not support the views metric");
        let next = |along, error| {
            let Instead { calls, bad } = less(&call(along), error, "id");
            (calls[0].request.parameter("fields").unwrap().to_owned(), bad)
        };
        let figures = Along { comments: false, ..BOTH };
        let comments = Along { figures: false, ..BOTH };
        assert_eq!(next(BOTH, &too_much), (figures.fields("id"), vec![COMMENTS]));
        assert_eq!(next(BOTH, &bad_metric), (comments.fields("id"), vec![FIGURES]));
        assert_eq!(next(figures, &too_much), ("id".to_owned(), vec![FIGURES]));
        assert_eq!(next(comments, &bad_metric), ("id".to_owned(), vec![COMMENTS]));
        let nothing = Along { figures: false, comments: false };
        assert_eq!(less(&call(nothing), &too_much, "id").calls[0].request.parameter("limit"), Some("25"));
        assert_eq!(less(&call(BOTH), &GraphError::Timeout, "id"), Instead::default());
    }

    #[test]
    fn figures_and_comments_of_each_medium_become_rows_and_a_bad_item_spoils_no_other() {
        let page = json!({"data": [
            {"id": "1", "media_product_type": "FEED", "timestamp": "2026-11-10T05:00:00+0000", "comments_count": 2,
             "insights": {"data": [{"name": "reach", "values": [{"value": 7}]}]},
             "comments": {"data": [{"id": "11", "text": "halo"}, {"text": "no id"}]}},
            7, {"insights": {"data": []}},
            {"id": "2", "comments_count": 0, "comments": "none"},
            {"id": "3", "comments_count": 5}, {"id": "4", "comments_count": 0}
        ]});
        let rows = rows(job(), &call(BOTH), &page);
        let reach: Vec<_> = rows.insights.iter().filter(|(key, _)| key.metric == "reach").collect();
        assert_eq!((reach.len(), reach[0].1.figure.value()), (1, Some(7.into())));
        assert_eq!(rows.insights.len(), metric::in_list().len(), "what was asked and not told is absent");
        assert_eq!(rows.told.len(), 1);
        let seen: Vec<_> =
            seen(job(), &call(BOTH), &page).into_iter().map(|seen| (seen.media_id, seen.comments)).collect();
        let all = Some(Walked::All);
        let expected = [("1", all), ("2", None), ("3", None), ("4", all)];
        assert_eq!(seen, expected.map(|(id, walked)| (id.to_owned(), walked)));
    }

    #[test]
    fn of_a_long_list_the_newest_comments_are_known_where_it_reaches_back_far_enough() {
        let item = |oldest: &str| {
            json!({"id": "1", "comments": {"data": [{"id": "2", "timestamp": oldest}],
                "paging": {"cursors": {"after": "a"}, "next": "https://graph.facebook.com/x"}}})
        };
        assert_eq!(walked(job(), &item("2026-11-19T21:00:00+0000")), Some(Walked::Newest));
        assert_eq!(walked(job(), &item("2026-11-20T01:00:00+0000")), None);
    }
}
