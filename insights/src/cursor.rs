//! Where a list goes on: opaque to the caller, bound to the list it came from, and checked before use.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::scope::is_id;

/// Bytes of the check in front. It finds cursors that were cut, changed or taken from another list; what a
/// key may see is decided elsewhere.
const CHECK: usize = 6;

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// What the list is ordered by, at the last row that was given out.
    pub(crate) at: i64,
    /// The id of that row, which tells rows apart where `at` does not.
    pub(crate) id: String,
}

impl Cursor {
    /// Writes the cursor for a `list`: its path, and what it was filtered by.
    pub(crate) fn write(&self, list: &str) -> String {
        let content = format!("{}:{}", self.at, self.id);
        let mut bytes = check(list, &content).to_vec();
        bytes.extend(content.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor; `None` where this list gave out no such one.
    pub(crate) fn read(text: &str, list: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (given, content) = bytes.split_at_checked(CHECK)?;
        let content = std::str::from_utf8(content).ok()?;
        if given != check(list, content) {
            return None;
        }
        let (at, id) = content.split_once(':')?;
        (id.is_empty() || is_id(id)).then_some(Self { at: at.parse().ok()?, id: id.to_owned() })
    }
}

fn check(list: &str, content: &str) -> [u8; CHECK] {
    let digest: [u8; 32] = Sha256::digest(format!("{list}\n{content}")).into();
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_by_its_own_list_alone() {
        let cursor = Cursor { at: -5, id: "18:0".to_owned() };
        let text = cursor.write("comments?q=a");
        assert_eq!(Cursor::read(&text, "comments?q=a"), Some(cursor));
        assert_eq!(Cursor::read(&text, "comments?q=b"), None);
    }

    #[test]
    fn a_cursor_that_was_tampered_with_is_none() {
        let text = Cursor { at: 7, id: "1".to_owned() }.write("list");
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Cursor::read(std::str::from_utf8(&other).unwrap(), "list"), None, "{at}");
            assert_eq!(Cursor::read(&text[..at], "list"), None, "{at}");
        }
        for bad in ["", "x", "====", "ü"] {
            assert_eq!(Cursor::read(bad, "list"), None);
        }
    }
}
