//! One page of a list: its items, and the cursor of the next one.

use serde_json::Value;

/// A page as an edge answers it.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The items, in the API's order.
    pub items: &'a [Value],
    /// The cursor behind the last item, if another page follows.
    pub after: Option<&'a str>,
}

impl<'a> Page<'a> {
    /// Reads a page; `None` where there is no list. Whether another page follows, `paging.next` says: a
    /// cursor alone stands on the last page too.
    pub fn read(content: &'a Value) -> Option<Self> {
        let items = content.get("data")?.as_array()?;
        let paging = content.get("paging");
        let is_followed = paging.and_then(|paging| paging.get("next")).is_some_and(Value::is_string);
        let after = paging.and_then(|paging| paging.get("cursors")?.get("after")?.as_str());
        Some(Self { items, after: after.filter(|cursor| is_followed && !cursor.is_empty()) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_page_follows_only_where_the_api_says_so() {
        let last = json!({"data": [1], "paging": {"cursors": {"before": "a", "after": "b"}}});
        assert_eq!(Page::read(&last).unwrap().after, None);
        let more = json!({"data": [], "paging": {"cursors": {"after": "b"}, "next": "https://x.example"}});
        let page = Page::read(&more).unwrap();
        assert_eq!((page.items.len(), page.after), (0, Some("b")));
        let nowhere = json!({"data": [1], "paging": {"cursors": {"after": ""}, "next": "https://x.example"}});
        assert_eq!(Page::read(&nowhere).unwrap().after, None, "an empty cursor leads to the first page");
        assert!(Page::read(&json!({"data": []})).unwrap().after.is_none());
        assert!(Page::read(&json!({"id": "1"})).is_none());
    }
}
