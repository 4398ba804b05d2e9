//! Ids as Meta gives them: opaque text, told apart by type so that a medium cannot stand where an account
//! should.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An id of one kind of thing; `K` is only a mark for the type checker.
pub struct Id<K> {
    text: String,
    kind: PhantomData<fn() -> K>,
}

/// Marks ids of Instagram professional accounts.
#[derive(Debug)]
pub enum Account {}
/// Marks ids of Instagram users.
#[derive(Debug)]
pub enum User {}
/// Marks ids of media.
#[derive(Debug)]
pub enum Media {}
/// Marks ids of comments.
#[derive(Debug)]
pub enum Comment {}

/// An Instagram professional account that we watch (the webhook's `entry.id`).
pub type AccountId = Id<Account>;
/// Any Instagram user: an account of ours, a competitor, the author of a comment.
pub type UserId = Id<User>;
/// A medium: post, reel, story, live video, or the copy of a post that an ad shows.
pub type MediaId = Id<Media>;
/// A comment or a reply to one.
pub type CommentId = Id<Comment>;

impl<K> Id<K> {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id as owned text.
    pub fn into_string(self) -> String {
        self.text
    }
}

impl<K> From<String> for Id<K> {
    fn from(text: String) -> Self {
        Self { text, kind: PhantomData }
    }
}

impl<K> From<&str> for Id<K> {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl<K> AsRef<str> for Id<K> {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

// Written out because a derive would ask the same of the mark `K`.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self::from(self.text.clone())
    }
}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, K> Deserialize<'de> for Id<K> {
    /// Accepts text or a whole number: Meta sends both.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrNumber).map(Self::from)
    }
}

struct TextOrNumber;

impl serde::de::Visitor<'_> for TextOrNumber {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id as text or as a whole number")
    }

    fn visit_str<E>(self, id: &str) -> Result<String, E> {
        Ok(id.to_owned())
    }

    fn visit_string<E>(self, id: String) -> Result<String, E> {
        Ok(id)
    }

    fn visit_u64<E>(self, id: u64) -> Result<String, E> {
        Ok(id.to_string())
    }

    fn visit_i64<E>(self, id: i64) -> Result<String, E> {
        Ok(id.to_string())
    }
}

/// SHA-256 of a change's canonical content: two deliveries of the same change have the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 32]);

impl EventId {
    /// Wraps a digest.
    pub const fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Reads 32 bytes, as PostgreSQL's `bytea` returns them; `None` for any other length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 64 hexadecimal digits; `None` for anything else.
    pub fn from_hex(text: &[u8]) -> Option<Self> {
        let mut digest = [0; 32];
        const_hex::decode_to_slice(text, &mut digest).ok()?;
        (text.len() == 64).then_some(Self(digest))
    }

    /// The digest's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest as 64 lower-case hexadecimal digits, without allocating.
    pub fn to_hex(self) -> HexDigest {
        HexDigest(const_hex::Buffer::new().const_format(&self.0))
    }
}

/// An [`EventId`] written out; borrow it as text with [`HexDigest::as_str`].
pub struct HexDigest(const_hex::Buffer<32>);

impl HexDigest {
    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_hex().as_str())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_text_and_from_a_number() {
        let ids: Vec<MediaId> = serde_json::from_str(r#"["17887498072083520", 17887498072083520]"#).unwrap();
        assert_eq!(ids[0], ids[1]);
        assert!(serde_json::from_str::<MediaId>("1.5").is_err());
    }

    #[test]
    fn an_event_id_survives_its_hexadecimal_form() {
        let id = EventId::from_bytes([0xab; 32]);
        assert_eq!(EventId::from_hex(id.to_string().as_bytes()), Some(id));
        assert_eq!(EventId::from_hex(b"abcd"), None);
        assert_eq!(EventId::from_slice(&[1, 2]), None);
    }
}
