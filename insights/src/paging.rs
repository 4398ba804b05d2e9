//! Lists in pages: `limit` and `cursor`, which belongs to the list that its path and its filters make.

use axum::http::Uri;
use utoipa::IntoParams;

use crate::cursor::Cursor;
use crate::params::Params;
use crate::problem::Problem;

/// Rows of a page where the caller does not say.
const USUAL: u16 = 50;
const MOST: u16 = 500;

/// How a page is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is there to be described")]
pub(crate) struct PageAsked {
    /// Rows of the page, 50 where nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u16>,
    /// `next_cursor` of the page before; the other parameters stay as they were.
    #[param(pattern = "^[A-Za-z0-9_-]{11,400}$")]
    cursor: Option<String>,
}

/// One page of one list.
#[derive(Debug)]
pub(crate) struct Page {
    /// Where it begins; `None` at the beginning of the list.
    pub(crate) cursor: Option<Cursor>,
    limit: u16,
    list: String,
}

impl Page {
    /// Takes `limit` and `cursor`.
    ///
    /// # Errors
    ///
    /// [`Problem::InvalidParameter`] where this list gave out no such cursor.
    pub(crate) fn take(params: &mut Params, uri: &Uri) -> Result<Self, Problem> {
        let limit = params.count("limit", MOST)?.unwrap_or(USUAL);
        let list = list(uri);
        let broken = || Problem::invalid("This cursor did not come from this list: begin without one.");
        let read = |text: String| Cursor::read(&text, &list).ok_or_else(broken);
        let cursor = params.text("cursor").map(read).transpose()?;
        Ok(Self { cursor, limit, list })
    }

    /// One row more than the page has: it tells whether the list goes on.
    pub(crate) fn beyond(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Rows before the page, in a list that is counted.
    pub(crate) fn offset(&self) -> i64 {
        self.cursor.as_ref().map_or(0, |cursor| cursor.at.clamp(0, 1_000_000))
    }

    /// Cuts the rows to the page; where the list goes on, the cursor behind its last row.
    pub(crate) fn cut<T>(&self, rows: &mut Vec<T>, place: impl Fn(&T) -> Cursor) -> Option<String> {
        let goes_on = rows.len() > usize::from(self.limit);
        rows.truncate(self.limit.into());
        rows.last().filter(|_| goes_on).map(|last| place(last).write(&self.list))
    }

    /// The same for a list that is counted.
    pub(crate) fn cut_counted<T>(&self, rows: &mut Vec<T>) -> Option<String> {
        let at = self.offset() + i64::from(self.limit);
        self.cut(rows, |_| Cursor { at, id: String::new() })
    }
}

/// The path, and what the list is filtered and ordered by.
fn list(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let is_page = |part: &&str| part.starts_with("limit=") || part.starts_with("cursor=");
    let mut filters: Vec<&str> = query.split('&').filter(|part| !is_page(part)).collect();
    filters.sort_unstable();
    format!("{}?{}", uri.path(), filters.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(uri: &str) -> Result<Page, Problem> {
        let uri: Uri = uri.parse().unwrap();
        Page::take(&mut Params::of(&uri, &["q", "limit", "cursor"]).unwrap(), &uri)
    }

    #[test]
    fn a_cursor_leads_on_in_its_own_list_alone() {
        let mut rows: Vec<i64> = (0..51).collect();
        let next = page("/list?q=a").unwrap().cut_counted(&mut rows).unwrap();
        assert_eq!(rows.len(), 50);
        let second = page(&format!("/list?cursor={next}&limit=10&q=a")).unwrap();
        assert_eq!((second.offset(), second.beyond()), (50, 11));
        for other in [format!("/list?q=b&cursor={next}"), format!("/other?q=a&cursor={next}")] {
            assert!(page(&other).is_err(), "{other}");
        }
        assert_eq!(page("/list").unwrap().cut_counted(&mut rows), None);
    }
}
