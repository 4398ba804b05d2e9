//! Media, comments and their fields.

use super::*;

#[tokio::test]
async fn a_node_shows_the_fields_that_were_asked_for() {
    let test = Test::new().await;
    let user = test
        .get(&format!("{}?fields=id,username,followers_count,media_count,ig_id", test.account().id))
        .await;
    assert_eq!((user.status, &user.body["username"]), (200, &"kopisenja.demo".into()));
    assert!(user.body["followers_count"].as_u64().unwrap() >= 1000);
    assert_eq!(test.get("me").await.body, serde_json::json!({ "id": test.account().id }));

    let medium = test.post();
    let path = format!(
        "{}?fields=id,media_type,media_product_type,timestamp,like_count,comments_count,owner,caption",
        medium.id
    );
    let node = test.get(&path).await.body;
    assert_eq!(node["id"], medium.id.as_str());
    assert_eq!(node["owner"]["id"], test.account().id.as_str());
    assert_eq!(node["comments_count"], medium.comments());
    assert!(node["timestamp"].as_str().unwrap().ends_with("+0000"));
    assert_eq!(test.get(&path).await.body, node, "two reads at one instant agree");

    let (code, _, message) = test.error(&format!("{}?fields=id,colour", medium.id)).await;
    assert_eq!(code, 100);
    assert!(message.contains("nonexisting field (colour)"));
}

#[tokio::test]
async fn a_comment_is_what_its_webhook_said() {
    let test = Test::new().await;
    let comment = test.simulator.world().add_comment(test.post());
    let path =
        format!("{}?fields=id,text,timestamp,username,from,media,like_count,parent_id,hidden", comment.id);
    let node = test.get(&path).await.body;
    assert_eq!(node["text"], comment.text);
    assert_eq!(node["from"]["id"], comment.author.id);
    assert_eq!(node["media"]["id"], test.post().id.as_str());
}

#[tokio::test]
async fn comments_come_in_pages_of_fifty_and_add_up() {
    let test = Test::new().await;
    let medium = test.post();
    for _ in 0..150 {
        test.simulator.world().add_comment(medium);
    }
    let mut path = format!("{}/comments?fields=id,timestamp,replies%7Bid%7D", medium.id);
    let (mut seen, mut pages, mut times) = (0, 0, Vec::new());
    loop {
        let page = test.get(&path).await.body;
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 50);
        times.extend(data.iter().map(|comment| comment["timestamp"].as_str().unwrap().to_owned()));
        seen += data
            .iter()
            .map(|comment| 1 + comment["replies"]["data"].as_array().map_or(0, Vec::len))
            .sum::<usize>();
        pages += 1;
        let Some(next) = page["paging"]["next"].as_str() else {
            assert!(page.get("paging").is_none(), "the last page has no paging");
            break;
        };
        assert!(next.contains(TOKEN_MARK), "Meta puts the token into the address");
        let after = page["paging"]["cursors"]["after"].as_str().unwrap();
        path = format!("{}/comments?fields=id,timestamp,replies%7Bid%7D&after={after}", medium.id);
    }
    assert_eq!(seen as u64, medium.comments());
    assert!(pages > 2);
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    let plain = test.get(&format!("{}/comments", medium.id)).await.body;
    assert!(plain["data"][0].get("replies").is_none());
}

#[tokio::test]
async fn one_call_reads_a_medium_with_comments_and_insights() {
    let test = Test::new().await;
    let medium = test.post();
    let fields = "id,like_count,comments.limit(3){id,text,replies{id}},insights.metric(reach,likes)";
    let url = format!("{}/v25.0/{}", test.simulator.base_url(), medium.id);
    let request = test.client.get(url).query(&[("fields", fields), ("access_token", &test.token())]);
    let node: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(node["comments"]["data"].as_array().unwrap().len(), 3);
    assert_eq!(node["insights"]["data"][1]["values"][0]["value"], node["like_count"]);
    let call = test.simulator.calls().pop().unwrap();
    assert_eq!((call.kind, call.status), (CallKind::Media, Some(200)));
    assert!(!call.query.contains(TOKEN_MARK));
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_no_longer_counted() {
    let test = Test::new().await;
    let medium = test.post();
    let comment = World::comment_id(medium, 3);
    test.simulator.delete(comment.as_str());
    assert_eq!(test.error(comment.as_str()).await.1, Some(33));
    let node = test.get(&format!("{}?fields=comments_count", medium.id)).await.body;
    assert_eq!(node["comments_count"], medium.comments() - 1);
    test.simulator.delete(medium.id.as_str());
    assert_eq!(test.error(&format!("{}/comments", medium.id)).await.1, Some(33));
}
