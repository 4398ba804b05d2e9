//! Deliveries and signatures that a receiver must survive, each accepted or refused for one reason.

use super::change::{Change, Shape};
use super::delivery::{MOST_CHANGES, Packing, pack};
use super::signer::{OLD_SIGNATURE_HEADER, SIGNATURE_HEADER, Signer};

/// Headers of a request: a name may come twice.
pub type Headers = Vec<(&'static str, String)>;

/// Wrong ways to sign a body; a receiver must refuse each with 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSignature {
    /// No signature at all.
    Missing,
    /// Signed with another secret.
    Wrong,
    /// The right one twice.
    Repeated,
    /// The right one in upper-case hexadecimal digits.
    UpperCase,
    /// The right one without its last digit.
    Truncated,
    /// The right one without `sha256=`.
    WithoutScheme,
    /// Only the older header with SHA-1, correct for the body.
    Sha1Only,
    /// The SHA-1 digest in the newer header.
    Sha1InNewHeader,
    /// The signature of other bytes.
    OtherBytes,
    /// An empty header.
    Empty,
}

impl BadSignature {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Missing,
        Self::Wrong,
        Self::Repeated,
        Self::UpperCase,
        Self::Truncated,
        Self::WithoutScheme,
        Self::Sha1Only,
        Self::Sha1InNewHeader,
        Self::OtherBytes,
        Self::Empty,
    ];

    /// The headers of a request with this body.
    pub fn headers(self, signer: &Signer, body: &[u8]) -> Headers {
        let right = signer.sign(body);
        let digits = right.trim_start_matches("sha256=");
        match self {
            Self::Missing => Vec::new(),
            Self::Wrong => vec![(SIGNATURE_HEADER, Signer::new("another secret".into()).sign(body))],
            Self::Repeated => vec![(SIGNATURE_HEADER, right.clone()), (SIGNATURE_HEADER, right)],
            Self::UpperCase => vec![(SIGNATURE_HEADER, format!("sha256={}", digits.to_uppercase()))],
            Self::Truncated => vec![(SIGNATURE_HEADER, right[..right.len() - 1].to_owned())],
            Self::WithoutScheme => vec![(SIGNATURE_HEADER, digits.to_owned())],
            Self::Sha1Only => vec![(OLD_SIGNATURE_HEADER, signer.sign_with_sha1(body))],
            Self::Sha1InNewHeader => vec![(SIGNATURE_HEADER, signer.sign_with_sha1(body))],
            Self::OtherBytes => vec![(SIGNATURE_HEADER, signer.sign(&[body, b" "].concat()))],
            Self::Empty => vec![(SIGNATURE_HEADER, String::new())],
        }
    }
}

/// A comment by its number: an id, a text, an author and a medium that nobody knows.
pub fn plain_comment(account: &str, number: u64, text: &str) -> Change {
    let value = serde_json::json!({
        "id": (17_800_000_000_000_000 + number).to_string(), "text": text,
        "from": { "id": "5544332211", "username": "pengikut_satu" },
        "media": { "id": "17999999999999901", "media_product_type": "FEED" },
    });
    Change { time: "1763700000".to_owned(), ..Change::new(account, "comments", &value) }
}

/// The most changes Meta sends at once, all different.
pub fn thousand_changes(account: &str) -> String {
    let changes: Vec<Change> =
        (0..MOST_CHANGES as u64).map(|number| plain_comment(account, number, "bagus 👍")).collect();
    pack(&changes, Packing::default())
}

/// A comment that holds `depth` nested arrays besides what a comment holds: JSON, and too deep for most
/// parsers.
pub fn nested_brackets(account: &str, depth: usize) -> String {
    let mut change = plain_comment(account, 1_000_001, "dalam");
    let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    change.value.insert_str(1, &format!(r#""deep":{nested},"#));
    pack(&[change], Packing::default())
}

/// A delivery whose text is not UTF-8.
pub fn invalid_utf8(account: &str) -> Vec<u8> {
    let body = pack(&[plain_comment(account, 1_000_002, "PATAH")], Packing::default()).into_bytes();
    let place = body.windows(5).position(|window| window == b"PATAH").unwrap_or(0);
    [&body[..place], b"\xc3\x28\xff", &body[place + 5..]].concat()
}

/// Comments whose texts hold a NUL, a lone high and a lone low surrogate, as escapes.
pub fn unstorable_text(account: &str) -> String {
    let escapes = ["\\u0000", "\\ud83d", "\\ude0d"];
    let changes: Vec<Change> = escapes
        .iter()
        .zip(1_000_003..)
        .map(|(escape, number)| {
            let change = plain_comment(account, number, "SEBELUM_SESUDAH");
            Change { value: change.value.replace("SEBELUM_", &format!("sebelum {escape}")), ..change }
        })
        .collect();
    pack(&changes, Packing::default())
}

/// A delivery of about `bytes` bytes in a thousand comments, all of it `\u` escapes.
pub fn large_delivery(account: &str, bytes: usize) -> String {
    let letters = bytes / MOST_CHANGES / 6;
    let text = "é".repeat(letters);
    let changes: Vec<Change> =
        (0..MOST_CHANGES as u64).map(|number| plain_comment(account, 2_000_000 + number, &text)).collect();
    pack(&changes, Packing::default())
}

/// The shapes of a container, one delivery each: a change may come in any of them.
pub fn every_shape(account: &str) -> Vec<String> {
    let numbers = 3_000_000..;
    let shapes = [Shape::Changes, Shape::Flat, Shape::ChangedFields];
    let mut bodies = Vec::new();
    for (shape, number) in shapes.into_iter().zip(numbers) {
        for packing in [Packing::default(), Packing { array: true, numeric_ids: true }] {
            let change = plain_comment(account, number + if packing.array { 100 } else { 0 }, "bentuk");
            bodies.push(pack(&[Change { shape, ..change }], packing));
        }
    }
    let item = serde_json::json!({
        "sender": { "id": "12334" }, "recipient": { "id": account }, "timestamp": "1527459824",
        "message": { "mid": "mid.bentuk.1", "text": "halo" },
    });
    for shape in [Shape::Messaging, Shape::Standby] {
        let change = Change::new(account, "messages", &item);
        bodies.push(pack(
            &[Change { shape, time: "\"2021-09-08T06:34:04+0000\"".to_owned(), ..change }],
            Packing::default(),
        ));
    }
    // Without a container at all, as the dashboard shows its samples.
    bodies.push(format!(
        r#"{{"field":"comments","value":{}}}"#,
        plain_comment(account, 3_000_900, "tanpa wadah").value
    ));
    bodies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bodies_are_what_they_claim() {
        let count =
            |body: &str| cekbrand_schema::delivery::parse(body.as_bytes()).map(|changes| changes.len());
        assert_eq!(count(&thousand_changes("1")), Ok(1000));
        assert_eq!(count(&nested_brackets("1", 20_000)), Ok(1));
        assert_eq!(count(&unstorable_text("1")), Ok(3));
        assert!(cekbrand_schema::delivery::parse(&invalid_utf8("1")).is_err());
        let large = large_delivery("1", 30 << 20);
        assert!((30 << 20..33 << 20).contains(&large.len()), "{}", large.len());
        for body in every_shape("17841400000000041") {
            assert_eq!(count(&body), Ok(1), "{body}");
        }
        let text = unstorable_text("1");
        assert!(["\\u0000", "\\ud83d", "\\ude0d"].iter().all(|escape| text.contains(escape)));
    }

    #[test]
    fn no_bad_signature_is_the_right_one() {
        let signer = Signer::new("rahasia".into());
        for bad in BadSignature::ALL {
            let headers = bad.headers(&signer, b"{}");
            let right = signer.sign(b"{}");
            assert!(headers.len() != 1 || headers[0] != (SIGNATURE_HEADER, right), "{bad:?}");
        }
    }
}
