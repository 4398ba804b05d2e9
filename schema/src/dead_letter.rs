//! A dead letter on the wire: bytes that could not be read, cut into numbered parts, each with headers that
//! say what it is.
//!
//! The receiver writes this form, the worker reads it, and so does a publisher that hands back what it could
//! not publish.

use jiff::Timestamp;

use crate::ids::EventId;
use crate::topic::header;

/// Bytes that could not be read, and what is known of them.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetter<'a> {
    /// Whose bytes they are: the change's id, or for a body the hash of its bytes.
    pub event_id: EventId,
    /// Why they could not be read.
    pub reason: &'a str,
    /// The bytes.
    pub bytes: &'a [u8],
    /// When the delivery arrived.
    pub received_at: Timestamp,
    /// The label of the secret that signed.
    pub secret_label: &'a str,
}

/// What the headers say about one part of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadPart {
    /// The whole letter's id.
    pub event_id: EventId,
    /// Why the bytes could not be read.
    pub reason: String,
    /// This part's number, from 0.
    pub part: i32,
    /// How many parts there are.
    pub parts: i32,
    /// When the delivery arrived.
    pub received_at: Option<Timestamp>,
    /// The label of the secret that signed.
    pub secret_label: Option<String>,
}

impl<'a> DeadLetter<'a> {
    /// The letter in parts of at most `max_bytes`, each with what its headers say. Letters without a byte
    /// have one part as well.
    pub fn parts(self, max_bytes: usize) -> impl Iterator<Item = (DeadPart, &'a [u8])> {
        let max_bytes = max_bytes.max(1);
        let count = self.bytes.len().div_ceil(max_bytes).max(1);
        let parts = i32::try_from(count).unwrap_or(i32::MAX);
        (0..parts).zip(0..count).map(move |(part, at)| {
            let from = at * max_bytes;
            let bytes = &self.bytes[from..self.bytes.len().min(from + max_bytes)];
            let headers = DeadPart {
                event_id: self.event_id,
                reason: self.reason.to_owned(),
                part,
                parts,
                received_at: Some(self.received_at),
                secret_label: Some(self.secret_label.to_owned()),
            };
            (headers, bytes)
        })
    }
}

impl DeadPart {
    /// The headers of this part's record, by name.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let always = [
            (header::EVENT_ID, self.event_id.to_string()),
            (header::REASON, self.reason.clone()),
            (header::PART, self.part.to_string()),
            (header::PARTS, self.parts.to_string()),
        ];
        let received_at = self.received_at.map(|at| (header::RECEIVED_AT, at.to_string()));
        let secret_label = self.secret_label.clone().map(|label| (header::SECRET_LABEL, label));
        always.into_iter().chain(received_at).chain(secret_label)
    }

    /// Reads the headers of a record, which `value` looks up by name. `None` where they do not say what the
    /// record is.
    pub fn read<'h>(value: impl Fn(&str) -> Option<&'h [u8]>) -> Option<Self> {
        let text = |name: &str| std::str::from_utf8(value(name)?).ok();
        let part = Self {
            event_id: EventId::from_hex(value(header::EVENT_ID)?)?,
            reason: text(header::REASON)?.to_owned(),
            part: text(header::PART)?.parse().ok()?,
            parts: text(header::PARTS)?.parse().ok()?,
            received_at: text(header::RECEIVED_AT).and_then(|at| at.parse().ok()),
            secret_label: text(header::SECRET_LABEL).map(str::to_owned),
        };
        (0..part.parts).contains(&part.part).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::identify_body;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn read(headers: &HashMap<&str, String>) -> Option<DeadPart> {
        DeadPart::read(|name| headers.get(name).map(String::as_bytes))
    }

    fn instant() -> impl Strategy<Value = Timestamp> {
        (0i64..4_000_000_000, 0i32..1_000_000_000)
            .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_and_the_parts_are_the_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..40), max in 1usize..12,
            reason in ".{0,12}", label in ".{0,12}", received_at in instant()
        ) {
            let event_id = identify_body(&bytes);
            let letter =
                DeadLetter { event_id, reason: &reason, bytes: &bytes, received_at, secret_label: &label };
            let mut whole = Vec::new();
            let mut count = 0;
            for (part, piece) in letter.parts(max) {
                prop_assert!(piece.len() <= max);
                prop_assert_eq!(part.part, count);
                let headers: HashMap<_, _> = part.headers().collect();
                prop_assert_eq!(read(&headers), Some(part.clone()));
                prop_assert_eq!(part.event_id, event_id);
                prop_assert_eq!((&part.reason, part.received_at), (&reason, Some(received_at)));
                prop_assert_eq!(part.secret_label.as_ref(), Some(&label));
                count += 1;
                prop_assert_eq!(part.parts, i32::try_from(bytes.len().div_ceil(max).max(1)).unwrap());
                whole.extend_from_slice(piece);
            }
            prop_assert_eq!(count, i32::try_from(bytes.len().div_ceil(max).max(1)).unwrap());
            prop_assert_eq!(whole, bytes);
        }
    }

    /// The names and forms are on disk in Kafka: an old letter is read for ever.
    #[test]
    fn the_wire_form_is_fixed() {
        let digits = "ab".repeat(32);
        let event_id = EventId::from_bytes([0xab; 32]);
        let letter = DeadLetter {
            event_id,
            reason: "invalid_json",
            bytes: b"xyz",
            received_at: "2026-11-21T10:00:00.5Z".parse().unwrap(),
            secret_label: "main",
        };
        let (last, bytes) = letter.parts(2).last().unwrap();
        let expected = [
            ("event-id", digits.as_str()),
            ("reason", "invalid_json"),
            ("part", "1"),
            ("parts", "2"),
            ("received-at", "2026-11-21T10:00:00.5Z"),
            ("secret", "main"),
        ];
        assert_eq!(bytes, b"z");
        assert_eq!(
            last.headers().collect::<Vec<_>>(),
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }

    #[test]
    fn headers_that_do_not_say_what_the_record_is_are_refused() {
        let good: HashMap<&str, String> = [
            ("event-id", "ab".repeat(32)),
            ("reason", "r".to_owned()),
            ("part", "0".to_owned()),
            ("parts", "1".to_owned()),
        ]
        .into();
        let part = read(&good).unwrap();
        assert_eq!((part.received_at, part.secret_label), (None, None), "older letters may lack both");
        for (name, value) in
            [("event-id", "ab"), ("part", "1"), ("part", "-1"), ("part", "x"), ("parts", "0"), ("parts", "")]
        {
            let bad = good.clone().into_iter().chain([(name, value.to_owned())]).collect::<HashMap<_, _>>();
            assert_eq!(read(&bad), None, "{name}: {value}");
        }
        for name in ["event-id", "reason", "part", "parts"] {
            let mut lacking = good.clone();
            lacking.remove(name);
            assert_eq!(read(&lacking), None, "{name} is missing");
        }
    }
}
