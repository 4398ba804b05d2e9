//! What reads of lists have in common: the page that is asked for, and the one that follows.

use cekbrand_graph::{Page, Request};
use serde_json::Value;

use super::read::Job;

/// So many empty pages in a row are followed.
const EMPTY_PAGES: usize = 3;
/// Stands before a task's cursor, once for each empty page right before it.
const EMPTY: char = '!';

/// The request for the job's page.
pub(super) fn of(request: Request, job: Job<'_>) -> Request {
    let after = job.cursor.trim_start_matches(EMPTY);
    if after.is_empty() { request } else { request.with("after", after) }
}

/// The cursor of the next page: none where it repeats, or after several empty pages, so that a list ends
/// whatever the API answers.
pub(super) fn next(job: Job<'_>, content: &Value) -> Option<String> {
    let page = Page::read(content)?;
    let asked = job.cursor.trim_start_matches(EMPTY);
    let empty = if page.items.is_empty() { job.cursor.len() - asked.len() + 1 } else { 0 };
    let after = page.after.filter(|after| *after != asked && empty <= EMPTY_PAGES)?;
    Some(format!("{}{after}", EMPTY.to_string().repeat(empty)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn job(cursor: &str) -> Job<'_> {
        let (target_id, account_id) = ("178", "178");
        Job { target_id, account_id, variant: "", cursor, api_version: "v25.0", at: Timestamp::UNIX_EPOCH }
    }

    fn page(items: usize, after: &str) -> Value {
        json!({"data": vec![json!({}); items], "paging": {"cursors": {"after": after}, "next": "https://x.example"}})
    }

    #[test]
    fn a_page_is_asked_for_by_its_cursor() {
        let request = |cursor| of(Request::edge("ig_user_media", "178", "media"), job(cursor)).describe();
        assert_eq!(request(""), "178/media?");
        assert_eq!(request("QVFI"), "178/media?after=QVFI");
        assert_eq!(request("!!QVFI"), "178/media?after=QVFI");
    }

    #[test]
    fn a_cursor_that_repeats_ends_the_list() {
        assert_eq!(next(job("a"), &page(2, "b")).as_deref(), Some("b"));
        assert_eq!(next(job("a"), &page(2, "a")), None);
        assert_eq!(next(job("!a"), &page(0, "a")), None);
    }

    #[test]
    fn an_empty_page_is_followed_and_many_in_a_row_are_not() {
        let mut cursors = vec![String::new()];
        while let Some(cursor) =
            next(job(&cursors[cursors.len() - 1]), &page(0, &format!("c{}", cursors.len())))
        {
            cursors.push(cursor);
        }
        assert_eq!(cursors, ["", "!c1", "!!c2", "!!!c3"]);
        assert_eq!(next(job("!!!c3"), &page(1, "d")).as_deref(), Some("d"), "an item starts anew");
    }
}
