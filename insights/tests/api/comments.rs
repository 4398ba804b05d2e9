//! Comments: searched, filtered, explained, in pages; and a sentiment that a person corrects.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::accounts::key_of;
use crate::brand::{self, ACCOUNT, OTHER};
use crate::server::{TestApi, problem};

fn path(what: &str) -> String {
    format!("/api/accounts/{ACCOUNT}/comments{what}")
}

fn ids(body: &Value) -> Vec<&str> {
    let comments = body["comments"].as_array().into_iter().flatten();
    comments.filter_map(|comment| comment["id"].as_str()).collect()
}

#[tokio::test]
async fn comments_are_the_newest_first_with_those_on_copies_and_parts() -> Result<()> {
    let api = brand::api().await?;
    let body = api.get(&path("")).await?;
    assert_eq!(ids(&body), ["904", "903", "902", "901"]);
    let [unscored, own, part, first] = [0, 1, 2, 3].map(|at| body["comments"][at].clone());
    assert_eq!(unscored["sentiment"], json!({ "label": null, "absence": "not_yet" }));
    assert_eq!((&own["is_own"], &first["is_own"]), (&json!(true), &json!(false)));
    assert_eq!(own["text"], "Terima kasih <script>alert(1)</script>");
    assert_eq!((&part["media_id"], &part["sentiment"]["label"]), (&json!("101"), &json!("neg")));
    assert_eq!(first["likes"], json!({ "value": null, "absence": "not_collected" }));
    assert!(first["sentiment"].get("explanation").is_none());
    Ok(())
}

#[tokio::test]
async fn comments_are_searched_as_text_and_filtered() -> Result<()> {
    let api = brand::api().await?;
    for (filter, found) in [
        ("?q=BAGUS", vec!["901"]),
        ("?q=%25_", vec!["902"]),
        ("?q=%25a", vec![]),
        ("?q=%27%20OR%20%27%27%3D%27", vec![]),
        ("?sentiment=pos", vec!["903", "901"]),
        ("?sentiment=pos&q=bagus", vec!["901"]),
        ("?media_id=102", vec!["904", "903"]),
        ("?media_id=101", vec!["902", "901"]),
        ("?media_id=201", vec![]),
        ("?from=2026-11-21", vec!["904"]),
        ("?to=2026-11-19", vec![]),
    ] {
        assert_eq!(ids(&api.get(&path(filter)).await?), found, "{filter}");
    }
    let on_medium = api.get("/api/media/101/comments").await?;
    assert_eq!((ids(&on_medium), &on_medium["media_id"]), (vec!["902", "901"], &json!("101")));
    Ok(())
}

#[tokio::test]
async fn pages_of_comments_lose_none_and_repeat_none() -> Result<()> {
    let api = brand::api().await?;
    // Three at one instant: the id tells them apart.
    sqlx::raw_sql(
        "INSERT INTO instagram.media_comment (id, media_id, text, text_at, first_seen_at, updated_timestamp, source)
         SELECT n::text, '102', 'x', '2026-11-20Z', '2026-11-20T03:00Z', '2026-11-20Z', 'poll' FROM generate_series(910, 912) AS n",
    )
    .execute(&api.pool)
    .await?;
    let mut all = Vec::new();
    let mut next = String::new();
    for _ in 0..7 {
        let page = api.get(&path(&format!("?limit=1{next}"))).await?;
        all.extend(ids(&page).into_iter().map(str::to_owned));
        next = page["next_cursor"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    assert_eq!((all.join(" ").as_str(), next.as_str()), ("904 903 910 911 912 902 901", ""));
    Ok(())
}

#[tokio::test]
async fn an_explanation_names_the_words_that_spoke() -> Result<()> {
    let api = brand::api().await?;
    let body = api.get(&path("?explain=true&media_id=101")).await?;
    let explanation = &body["comments"][1]["sentiment"]["explanation"];
    assert_eq!(explanation["label"], "pos");
    let words = explanation["words"].as_array().context("words")?;
    let strongest = words
        .iter()
        .max_by(|a, b| a["weight"].as_f64().unwrap_or(0.0).total_cmp(&b["weight"].as_f64().unwrap_or(0.0)));
    let strongest = strongest.and_then(|word| word["word"].as_str()).context("a word")?;
    assert!(["Bagus", "suka"].contains(&strongest), "{strongest}");
    Ok(())
}

fn correct(api: &TestApi, id: &str, body: &Value) -> reqwest::RequestBuilder {
    api.write(Method::PUT, &format!("/api/comments/{id}/sentiment")).json(body)
}

#[tokio::test]
async fn a_correction_counts_at_once_and_can_be_taken_back() -> Result<()> {
    let api = brand::api().await?;
    let done = correct(&api, "901", &json!({ "sentiment": "neg" })).send().await?;
    assert_eq!(done.status(), 200);
    let body = api.get(&path("?sentiment=neg")).await?;
    assert_eq!(ids(&body), ["902", "901"]);
    assert_eq!(
        body["comments"][1]["sentiment"],
        json!({ "label": "neg", "score": 1.0, "uncertain": false, "language": "id", "model": "m", "corrected": true })
    );
    let marks: Vec<(String, String)> =
        sqlx::query_as("SELECT account_id, day::text FROM pipeline.dirty_mark").fetch_all(&api.pool).await?;
    assert_eq!(marks, [(ACCOUNT.to_owned(), "2026-11-20".to_owned())]);
    let kept: Vec<(String, String)> =
        sqlx::query_as("SELECT sentiment, corrected_by FROM pipeline.sentiment_correction")
            .fetch_all(&api.pool)
            .await?;
    assert_eq!(kept, [("neg".to_owned(), api.key.id.clone())]);

    let back = api.write(Method::DELETE, "/api/comments/901/sentiment").send().await?;
    assert_eq!(back.status(), 204);
    assert_eq!(problem(api.write(Method::DELETE, "/api/comments/901/sentiment")).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn a_correction_is_of_a_comment_that_the_key_sees_and_says_one_of_three_words() -> Result<()> {
    let api = brand::api().await?;
    for bad in
        [json!({ "sentiment": "sad" }), json!({}), json!([]), json!({ "sentiment": "pos", "by": "me" })]
    {
        assert_eq!(problem(correct(&api, "901", &bad)).await?.0, 400, "{bad}");
    }
    let unsaid = api.write(Method::PUT, "/api/comments/901/sentiment").body("sentiment=pos");
    assert_eq!(problem(unsaid).await?.0, 415);
    let key = key_of(&api, &[OTHER]).await?;
    for (id, status) in [("901", 404), ("nobody", 404), ("905", 200)] {
        let request = api.request(Method::PUT, &format!("/api/comments/{id}/sentiment"));
        let answer = request.bearer_auth(&key).json(&json!({ "sentiment": "neu" })).send().await?;
        assert_eq!(answer.status(), status, "{id}");
    }
    Ok(())
}

#[tokio::test]
async fn what_comments_feel_is_unknown_where_none_was_scored_and_zero_where_there_is_none() -> Result<()> {
    let api = brand::api().await?;
    let felt = async || anyhow::Ok(api.get("/api/media/102").await?["sentiment"].clone());
    assert_eq!(felt().await?, json!({ "pos": 1, "neu": 0, "neg": 0 }));
    let forget = "DELETE FROM toba_cek_insta.user_media_comment_sentiment";
    sqlx::raw_sql(forget).execute(&api.pool).await?;
    assert_eq!(felt().await?, json!({ "pos": null, "neu": null, "neg": null }));
    let none = "UPDATE instagram.media SET comments_count = 0 WHERE id = '102'";
    sqlx::raw_sql(none).execute(&api.pool).await?;
    assert_eq!(felt().await?, json!({ "pos": 0, "neu": 0, "neg": 0 }));
    Ok(())
}
