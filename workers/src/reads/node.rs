//! What reads of one node have in common: fields, and fewer of them where Meta wants that.

use cekbrand_graph::{Disposition, GraphError, Request};

use super::read::{Call, Instead, Job};
use crate::rows::media::Gone;
use crate::rows::{Rows, Told};

/// The fields of a node.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    /// Everything that has a column.
    pub all: &'static str,
    /// What cannot be done without: for Meta's "please reduce the amount of data".
    pub core: &'static str,
}

/// The call that reads a node.
pub fn call(fetch: &'static str, id: &str, fields: Fields) -> Call {
    let ask = |fields| Request::node(fetch, id).with("fields", fields);
    Call { request: ask(fields.all), metrics: Vec::new(), smaller: Some(ask(fields.core)) }
}

/// A call that cannot be made smaller.
pub fn whole(request: Request) -> Call {
    Call { request, metrics: Vec::new(), smaller: None }
}

/// The same with fewer fields, where Meta asks for that.
pub fn smaller(call: &Call, error: &GraphError) -> Instead {
    let wants_less = error.disposition() == Disposition::Retry { shrink: true };
    let less = call.smaller.clone().filter(|_| wants_less);
    Instead { calls: less.map(whole).into_iter().collect(), bad: Vec::new() }
}

/// Rows that say that a medium is gone.
pub fn medium_gone(job: Job<'_>) -> Rows {
    Rows::of(Told::MediaGone(Gone::of(job.target_id, job.at), job.reading()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_read_can_ask_for_less_once_and_only_where_meta_wants_that() {
        let call = call("ig_media", "1", Fields { all: "id,caption", core: "id" });
        let less = smaller(&call, &GraphError::TooLong { limit: 1 });
        assert_eq!(less.calls[0].request.describe(), "1?fields=id");
        assert_eq!(smaller(&less.calls[0], &GraphError::TooLong { limit: 1 }), Instead::default());
        assert_eq!(smaller(&call, &GraphError::Timeout), Instead::default());
    }
}
