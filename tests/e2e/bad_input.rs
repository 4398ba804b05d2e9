//! What strangers and Meta's odd days send: refused with a clear status, or kept to the last byte, and the
//! books close.

use std::collections::BTreeSet;
use std::time::Duration;

use cekbrand_devkit::meta::{BadSignature, bad_input};

use crate::bench::{Bench, eventually};

const ACCOUNT: &str = "17841400000000077";

/// One delivery in each shape that was ever seen, with the field under which its only change must land.
const SHAPES: [(&str, &str); 22] = [
    // The App Dashboard's test button.
    (
        r#"{"entry":[{"id":"0","time":1763700001,"changes":[{"field":"comments","value":{"from":{"id":"1","username":"test"},"media":{"id":"2","media_product_type":"FEED"},"id":"3","parent_id":"4","text":"Contoh."}}]}],"object":"instagram"}"#,
        "comments",
    ),
    (
        r#"{"entry":[{"id":"0","time":1763700002,"changes":[{"field":"story_insights","value":{"media_id":"5","impressions":4,"reach":4,"taps_forward":4,"taps_back":3,"exits":3,"replies":0}}]}],"object":"instagram"}"#,
        "story_insights",
    ),
    (
        r#"{"entry":[{"changes":[{"field":"live_comments","value":{"text":"Contoh.","id":"6"}}],"id":"0","time":1763700003}],"object":"instagram"}"#,
        "live_comments",
    ),
    // Samples without an envelope.
    (
        r#"{"field":"live_comments","value":{"from":{"id":"1","username":"test","self_ig_scoped_id":"1"},"media":{"id":"2","media_product_type":"LIVE"},"id":"7","text":"Contoh."}}"#,
        "live_comments",
    ),
    (
        r#"{"field":"messages","value":{"sender":{"id":"1"},"recipient":{"id":"2"},"message":{"text":"halo"}}}"#,
        "messages",
    ),
    // Comments: no time, only id and text, by the account itself with placeholders, on an ad.
    (
        r#"{"object":"instagram","entry":[{"id":"17841400000000077","changes":[{"field":"comments","value":{"id":"8","text":"tanpa waktu","from":{"id":"1","username":"u"},"media":{"id":"2"}}}]}]}"#,
        "comments",
    ),
    (
        r#"{"entry":[{"changes":[{"field":"comments","value":{"text":"Contoh.","id":"9"}}],"id":"17841400000000077","time":1519399307}],"object":"instagram"}"#,
        "comments",
    ),
    (
        r#"{"object":"instagram","entry":[{"id":"<ACCOUNT>","time":"<TIME>","changes":[{"field":"comments","value":{"from":{"id":"<ACCOUNT>","username":"<NAME>","self_ig_scoped_id":"<ID>"},"id":"<COMMENT>","text":"<TEXT>","media":{"id":"<MEDIA>","media_product_type":"<TYPE>"}}}]}]}"#,
        "comments",
    ),
    (
        r#"{"object":"instagram","entry":[{"id":"17841400000000077","time":1760000000,"changes":[{"field":"comments","value":{"from":{"id":"1","username":"u"},"comment_id":"10","parent_id":"8","text":"di iklan","media":{"id":"11","ad_id":"12","ad_title":"Iklan","original_media_id":"13","media_product_type":"AD"}}}]}]}"#,
        "comments",
    ),
    (
        r#"[{"object":"instagram","entry":[{"id":"17841400000000077","time":1760000000,"field":"comments","value":{"id":"14","from":{"id":"1","username":"u"},"text":"datar","media":{"id":"2","media_product_type":"FEED"}}}]}]"#,
        "comments",
    ),
    // Mentions and partial figures.
    (
        r#"{"entry":[{"changes":[{"field":"mentions","value":{"media_id":"15"}}],"id":"17841400000000077","time":1520622968}],"object":"instagram"}"#,
        "mentions",
    ),
    (
        r#"{"entry":[{"changes":[{"field":"mentions","value":{"comment_id":"16","media_id":"15"}}],"id":"17841400000000077","time":1520622968}],"object":"instagram"}"#,
        "mentions",
    ),
    (
        r#"{"object":"instagram","entry":[{"id":"17841400000000077","changes":[{"field":"story_insights","value":{"media_id":"17","reach":17,"exits":-1}}]}]}"#,
        "story_insights",
    ),
    // Messages in every container, with times of every kind and ids as numbers.
    (
        r#"{"entry":[{"time":1661141837537,"id":"17841400000000077","messaging":[{"sender":{"id":"1"},"recipient":{"id":"2"},"timestamp":"1527459824","message":{"mid":"m1","text":"halo"}}]}]}"#,
        "messages",
    ),
    (
        r#"{"entry":[{"id":"x-1","time":"2021-09-08T06:34:04+0000","standby":[{"sender":{"id":"s"},"recipient":{"id":"r"},"timestamp":"2021-09-08T06:34:04+0000","message":{"mid":"m2","text":"menunggu"}}]}]}"#,
        "standby",
    ),
    (
        r#"{"object":"instagram","entry":[{"time":1668022334834,"id":"17841400000000077","messaging":[{"sender":{"id":"1"},"recipient":{"id":"2"},"timestamp":1668022333735,"read":{"mid":"m3"}}]}]}"#,
        "messaging_seen",
    ),
    (
        r#"{"object":"instagram","entry":[{"time":1767963330978,"id":"17841400000000077","messaging":[{"timestamp":1767963330889,"message_edit":{"mid":"m4","num_edit":0}}]}]}"#,
        "message_edit",
    ),
    (
        r#"{"object":"page","entry":[{"id":"123","time":1572465098508,"messaging":[{"sender":{"id":"S"},"recipient":{"id":"P"},"timestamp":1572465098502,"reaction":{"mid":"m5","action":"react","emoji":"\ud83d\ude22","reaction":"sad"}}]}]}"#,
        "message_reactions",
    ),
    (
        r#"{"object":"page","entry":[{"id":12345654332,"time":1457764198246,"messaging":[{"sender":{"id":987654321432},"recipient":{"id":12345654332},"timestamp":1457764197627,"message_edit":{"mid":"m6","text":"halo","num_edit":"37"}}]}]}"#,
        "message_edit",
    ),
    // Other objects, other fields, names without values.
    (
        r#"{"object":"permissions","entry":[{"id":"17841400000000077","uid":"0","time":1624610156,"changes":[{"field":"instagram_basic","value":{"verb":"granted","target_ids":["1","2"]}}]}]}"#,
        "instagram_basic",
    ),
    (
        r#"{"object":"instagram","entry":[{"id":"123","time":1569262486134,"changes":[{"field":"not-supported","value":{"ignored":true}}]}]}"#,
        "not-supported",
    ),
    (
        r#"{"object":"instagram","entry":[{"id":"17841400000000077","time":1763700009,"changed_fields":["comments"]}]}"#,
        "comments",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_signed_is_kept_and_whatever_is_not_is_refused() {
    let bench = Bench::new().await;
    let (_ingest, _worker) = (bench.ingest().await, bench.worker("only", None));
    let sender = bench.sender();

    let body = bad_input::thousand_changes(ACCOUNT);
    for bad in BadSignature::ALL {
        let headers = bad.headers(sender.signer(), body.as_bytes());
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(sender.post_with(body.clone(), &headers).await.unwrap(), 401, "{bad:?}");
    }

    let noise = vec![0xfe_u8; 30 << 20];
    let broken = bad_input::invalid_utf8(ACCOUNT);
    let deep = bad_input::nested_brackets(ACCOUNT, 20_000);
    let unstorable = bad_input::unstorable_text(ACCOUNT);
    let shapes = bad_input::every_shape(ACCOUNT);
    let only_brackets = "[".repeat(20_000);
    let mut deliveries: Vec<Vec<u8>> = vec![
        body.into(),
        deep.clone().into(),
        unstorable.clone().into(),
        bad_input::large_delivery(ACCOUNT, 30 << 20).into(),
        broken.clone(),
        noise.clone(),
        only_brackets.clone().into(),
    ];
    deliveries.extend(shapes.iter().map(|shape| shape.clone().into_bytes()));
    deliveries.extend(SHAPES.iter().map(|(shape, _)| shape.as_bytes().to_vec()));
    for delivery in &deliveries {
        assert_eq!(
            sender.post(delivery.clone()).await.unwrap(),
            200,
            "{:.200}",
            String::from_utf8_lossy(delivery)
        );
    }

    // The same name of a changed field at the same time, in two containers, is one change.
    let duplicates = 1;
    let landed = 1000 + 1 + 3 + 1000 + shapes.len() + SHAPES.len();
    let all = u64::try_from(landed + 3).unwrap();
    eventually(Duration::from_mins(5), || bench.has_settled(all)).await;
    let books = bench.books().await;
    assert_eq!((books.landed, books.dead_lettered, books.duplicates), (all - 3 - duplicates, 3, duplicates));
    assert!(books.closed && books.expired == 0);

    let dead: BTreeSet<(String, Vec<u8>)> = bench.dead_letters().await.into_iter().collect();
    let reason = |reason: &str, body: Vec<u8>| (reason.to_owned(), body);
    let expected = [
        reason("invalid_utf8", broken),
        reason("invalid_utf8", noise),
        reason("invalid_json", only_brackets.into_bytes()),
    ];
    assert!(dead == expected.into_iter().collect(), "each dead letter is there to the last byte");

    let events = bench.events().await;
    for (shape, field) in SHAPES {
        let there = events
            .iter()
            .any(|(_, landed, raw)| landed == field && (raw == "null" || shape.contains(raw.as_str())));
        assert!(there, "{field} is missing: {shape}");
    }
    for odd in [&deep, &unstorable] {
        let kept = events.iter().filter(|(_, _, raw)| odd.contains(raw.as_str())).count();
        assert!(kept > 0, "the raw value is kept byte by byte");
    }
    let texts: Vec<String> = bench.comments().await.into_iter().filter_map(|(_, _, text)| text).collect();
    let replaced = texts.iter().filter(|text| text.starts_with("sebelum \u{fffd}")).count();
    assert_eq!(replaced, 3, "NUL and half surrogates are U+FFFD");
}
