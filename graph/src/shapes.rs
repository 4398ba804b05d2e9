//! Every shape that the API is known to answer in, in examples of our own: what each is understood as.

use std::time::Duration;

use serde_json::{Value, json};

use crate::discovery::Discovery;
use crate::insight::{Insight, Sent};
use crate::json::count;
use crate::node::{CommentNode, MediaNode, UserNode};
use crate::{Disposition, GraphError, Page, Scope, Usage, answer};

const NEXT: &str =
    "https://graph.facebook.com/v25.0/17900000000000001/media?access_token=T&limit=2&after=QVFIb";

fn ids(page: &Value) -> Vec<String> {
    Page::read(page).unwrap().items.iter().filter_map(|item| Some(MediaNode::read(item)?.id)).collect()
}

#[test]
fn accounts_with_what_they_show() {
    let full = json!({
        "id": "17841400000000101", "username": "warung.satu", "name": "Warung Satu", "biography": "Nasi hangat.",
        "profile_picture_url": "https://cdn.example.com/p.jpg", "followers_count": 8123, "media_count": 91
    });
    let user = UserNode::read(&full).unwrap();
    assert_eq!((user.followers_count, user.follows_count, user.website), (Some(8123), None, None));
    let with_number =
        json!({"id": "17841400000000101", "ig_id": 4_211_002, "follows_count": 12, "media_count": 0});
    assert_eq!(UserNode::read(&with_number).unwrap().follows_count, Some(12));
}

#[test]
fn lists_of_media_with_a_next_page_and_without() {
    let first = json!({
        "data": [
            {"id": "17900000000000011", "media_type": "IMAGE", "like_count": 0, "comments_count": 3,
             "permalink": "https://www.instagram.com/p/Cxy/", "timestamp": "2026-05-01T03:04:05+0000"},
            {"id": "17900000000000012", "media_type": "VIDEO"}
        ],
        "paging": {"cursors": {"before": "QVFIa", "after": "QVFIb"}, "next": NEXT}
    });
    assert_eq!((ids(&first).len(), Page::read(&first).unwrap().after), (2, Some("QVFIb")));
    // Stories and last pages: cursors and no next. Live videos: no paging at all.
    let stories =
        json!({"data": [{"id": "17900000000000013"}], "paging": {"cursors": {"before": "a", "after": "b"}}});
    let live = json!({"data": [{"id": "90000000000014", "media_type": "BROADCAST", "media_product_type": "LIVE",
        "owner": {"id": "17841400000000101"}, "username": "warung.satu"}]});
    for list in [&stories, &live] {
        assert_eq!((ids(list).len(), Page::read(list).unwrap().after), (1, None));
    }
    let limit = json!({"data": [{"config": {"quota_total": 50, "quota_duration": 86400}, "quota_usage": 1}]});
    assert!(ids(&limit).is_empty(), "a list of something else names no medium");
}

#[test]
fn albums_stories_and_media_with_fields_of_advertisers() {
    let child = |id: &str| {
        json!({"id": id, "ig_id": "31", "media_type": "IMAGE", "owner": {"id": "17841400000000101"},
        "permalink": "https://www.instagram.com/p/Cc/", "timestamp": "2026-05-01T03:04:05+0000"})
    };
    let album = json!({"id": "17900000000000021", "media_type": "CAROUSEL_ALBUM", "caption": "Tiga rasa",
        "comments_count": 0, "is_comment_enabled": true, "children": {"data": [child("1"), child("2")]}});
    assert_eq!(ids(&album["children"]), ["1", "2"]);
    assert_eq!(MediaNode::read(&album).unwrap().is_comment_enabled, Some(true));
    let story = json!({"id": "17900000000000022", "ig_id": "2421000000000000000", "media_type": "IMAGE",
        "caption": "Pagi", "owner": {"id": "17841400000000101"}, "shortcode": "CGx",
        "permalink": "https://instagram.com/stories/warung.satu/CGx", "timestamp": "2026-05-01T03:04:05+0000"});
    let story = MediaNode::read(&story).unwrap();
    assert_eq!((story.owner_id.as_deref(), story.like_count), (Some("17841400000000101"), None));
    let boosted = json!({"id": "17900000000000023", "boost_ads_list": {"data": [{"ad_id": "7", "ad_status": "paused"}]}});
    assert_eq!(MediaNode::read(&boosted).unwrap().id, "17900000000000023");
}

#[test]
fn comments_with_their_authors_in_each_way_and_replies_inside() {
    let page = json!({"data": [{"timestamp": "2026-05-01T10:56:52+0000", "text": "Enak!", "id": "17850000000000001"}],
        "paging": {"cursors": {"after": "QVFIc"}, "next": NEXT}});
    assert_eq!(Page::read(&page).unwrap().after, Some("QVFIc"));
    let last = json!({"data": [{"timestamp": "2026-04-01T10:56:52+0000", "text": "@ani", "id": "17850000000000002"}]});
    assert_eq!(Page::read(&last).unwrap().after, None);
    let by_id = json!({"id": "17850000000000003", "hidden": false, "like_count": 2, "media": {"id": "17900000000000021"},
        "text": "Mantap", "timestamp": "2026-05-01T10:56:52+0000", "user": {"id": "17841400000000109"},
        "replies": {"data": [{"timestamp": "2026-05-02T10:56:52+0000", "text": "Makasih", "id": "17850000000000004"}]}});
    let comment = CommentNode::read(&by_id).unwrap();
    assert_eq!((comment.from_id.as_deref(), comment.username), (Some("17841400000000109"), None));
    assert_eq!(Page::read(&by_id["replies"]).unwrap().items.len(), 1);
    let by_name = json!({"id": "17850000000000005", "text": "Halo", "username": "ani.w", "media": {"id": "17900000000000021"}});
    assert_eq!(CommentNode::read(&by_name).unwrap().username.as_deref(), Some("ani.w"));
    // Several ids at once: an object keyed by them.
    let many = json!({"17850000000000005": by_name, "17850000000000003": by_id});
    let read = many.as_object().unwrap().values().filter_map(CommentNode::read).count();
    assert_eq!(read, 2);
}

#[test]
fn mentions_and_competitors_come_inside_the_account_that_asks() {
    let comment = json!({"mentioned_comment": {"id": "17850000000000006", "like_count": 0, "text": "@warung.satu hai",
        "timestamp": "2026-05-01T10:56:52+0000", "username": "ani.w"}, "id": "17841400000000101"});
    assert_eq!(CommentNode::read_mentioned(&comment).unwrap().like_count, Some(0));
    let medium = json!({"mentioned_media": {"id": "17900000000000024", "caption": "@warung.satu", "comments_count": 0,
        "media_type": "CAROUSEL_ALBUM", "timestamp": "2026-05-01T10:56:52+0000"}, "id": "17841400000000101"});
    assert_eq!(MediaNode::read_mentioned(&medium).unwrap().id, "17900000000000024");
    let rival = json!({"business_discovery": {"id": "17841400000000201", "username": "warung.dua",
        "followers_count": 512, "media_count": 33}, "id": "17841400000000101"});
    let found = Discovery::read(&rival).unwrap();
    assert_eq!((found.user.followers_count, found.user.follows_count, found.after), (Some(512), None, None));
    // Views come with some media only.
    let page = json!({"business_discovery": {"media": {"data": [
            {"id": "17900000000000031", "comments_count": 5, "like_count": 8, "view_count": 70},
            {"id": "17900000000000032", "comments_count": 1, "like_count": 9}],
            "paging": {"cursors": {"before": "QVFIa", "after": "QVFIb"}}}, "id": "17841400000000201"},
        "id": "17841400000000101"});
    let found = Discovery::read(&page).unwrap();
    assert_eq!((found.media.len(), found.after.as_deref()), (2, Some("QVFIb")));
}

#[test]
fn figures_plain_split_daily_and_by_place() {
    let of = |answer: Value| Insight::read_all(&answer).unwrap();
    let plain = |name: &str, value: u32| {
        json!({"name": name, "period": "lifetime", "values": [{"value": value}],
        "title": "T", "description": "d", "id": format!("17900000000000021/insights/{name}/lifetime")})
    };
    let old = of(json!({"data": [plain("impressions", 31), plain("saved", 2), plain("video_views", 17)]}));
    let values: Vec<_> = old.iter().map(|one| one.value).collect();
    assert_eq!(values, [Some(31.into()), Some(2.into()), Some(17.into())]);
    let split = |name: &str, keys: &str, parts: Value| {
        json!({"data": [{"name": name, "period": "lifetime",
        "values": [{"value": 9}], "total_value": {"value": 9,
        "breakdowns": [{"dimension_keys": [keys], "results": parts}]}, "id": "x"}]})
    };
    let part = |name: &str, value: u32| json!({"dimension_values": [name], "value": value});
    for (name, key, parts) in [
        ("profile_activity", "action_type", ["bio_link_clicked", "email"]),
        ("navigation", "story_navigation_action_type", ["tap_forward", "swipe_forward"]),
        ("reach", "media_product_type", ["CAROUSEL_CONTAINER", "POST"]),
    ] {
        let read = of(split(name, key, json!([part(parts[0], 6), part(parts[1], 3)])));
        assert_eq!((read[0].value, read[0].parts.len()), (Some(9.into()), 2), "{name}");
        assert_eq!(read[0].parts[1].values, [parts[1]]);
    }
    // By place there is no total, and places are written as they are.
    let places = of(json!({"data": [{"name": "follower_demographics", "period": "lifetime", "total_value": {
        "breakdowns": [{"dimension_keys": ["city"], "results": [part("Bogotá, Distrito Especial", 4)]}]}}]}));
    assert_eq!((places[0].value, places[0].parts[0].values[0].as_str()), (None, "Bogotá, Distrito Especial"));
    let day =
        |value: u32, day: u32| json!({"value": value, "end_time": format!("2026-05-0{day}T07:00:00+0000")});
    let series = of(json!({"data": [
        {"name": "follower_count", "period": "day", "values": [day(4, 4)]},
        {"name": "impressions", "period": "day", "values": [day(8, 4), day(9, 5)]}]}));
    let told = series[1].points.iter().filter(|point| matches!(point.sent, Sent::Number(_)));
    assert_eq!((series[0].points.len(), told.count()), (1, 2));
    assert!(of(json!({"data": []})).is_empty(), "nothing is known, which is not 0");
}

#[test]
fn errors_by_code_and_words() {
    let throttled = Disposition::Throttled { scope: Scope::Account, regain: None };
    let long = "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does \
                not support this operation.";
    for (code, subcode, message, expected) in [
        // It may be the object alone: the read is asked again the next day.
        (100, None, long, Disposition::BadParameter),
        (100, None, "(#100) This requires either app secret proof or an app token", Disposition::AppSettings),
        (100, Some(33), "Unsupported get request", Disposition::Gone),
        (2500, None, "Unknown path components: /views/day", Disposition::BadParameter),
        (190, Some(460), "The session has been invalidated", Disposition::TokenDead),
        (190, Some(463), "Error validating access token: Session has expired", Disposition::TokenDead),
        (10, None, "(#10) Application does not have permission for this action", Disposition::Permission),
        (10, None, "(#10) Not enough viewers for the media to show insights", Disposition::NotEnoughViewers),
        (80_002, None, "(#80002) There have been too many calls", throttled),
        (80_001, None, "(#80001) There have been too many calls", throttled),
        (32, None, "(#32) Page request limit reached", throttled),
    ] {
        let kind = if code == 2500 { "IGApiException" } else { "OAuthException" };
        let body = json!({"error": {"message": message, "type": kind, "code": code, "error_subcode": subcode,
            "error_user_title": "T", "error_user_msg": "M", "fbtrace_id": "A"}});
        let error = answer::content(400, &body.to_string(), None).unwrap_err();
        assert_eq!(error.disposition(), expected, "{code} {message}");
    }
    // Meta says that it will not pass, and yet nobody knows of what an unknown error is one.
    let lasting = json!({"error": {"message": "An unknown error occurred", "code": 1, "error_subcode": 1_965_014,
        "is_transient": false, "error_user_title": "T", "error_user_msg": "M"}});
    let error = answer::content(400, &lasting.to_string(), None).unwrap_err();
    assert_eq!(error.disposition(), Disposition::Retry { shrink: false });
    // A batch is a list, whose parts hold their bodies as text: we make none, and take none for an answer.
    let batch = json!([{"code": 400, "headers": [], "body": lasting.to_string()}]);
    assert!(matches!(answer::content(200, &batch.to_string(), None), Err(GraphError::Garbage { .. })));
}

#[test]
fn headers_of_every_product() {
    let load = json!({"call_count": 100, "total_cputime": 16, "total_time": 45, "type": "instagram",
        "estimated_time_to_regain_access": 10});
    let of = |kind: &str| {
        let mut load = load.clone();
        load["type"] = kind.into();
        Usage::read(Some(&json!({"17841400000000101": [load]}).to_string()), None)
    };
    let ours = of("instagram");
    assert_eq!((ours.account_percent(), ours.regain()), (Some(100), Some(Duration::from_mins(10))));
    assert_eq!(of("ads_insights").account_percent(), None, "another product's limit");
    let app = Usage::read(None, Some(r#"{"call_count":28,"total_time":25,"total_cputime":25}"#));
    assert_eq!(app.app_percent(), Some(28));
    let ads = Usage::read(None, Some(r#"{"acc_id_util_pct":9.67,"reset_time_duration":100}"#));
    assert_eq!(ads.app_percent(), None, "an advertiser's account is none of ours");
}

#[test]
fn what_is_no_read_of_ours_is_nothing_we_know() {
    let message = json!({"from": {"username": "ani.w", "id": "17"}, "message": "Bagus!",
        "created_time": "2026-05-01T10:56:52+0000", "id": "aWdfZAG1",
        "story": {"reply_to": {"link": "https://cdn.example.com/s", "id": "18000000000000001"}}});
    assert_eq!(CommentNode::read(&message).unwrap().text, None);
    assert_eq!(count(&message, "like_count"), None);
}
