//! What holds for every path: problems, headers, health, readiness, the end; and what never shows.

use std::time::Duration;

use anyhow::Result;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::log;
use crate::server::{TestApi, problem};

#[tokio::test]
async fn health_is_public_and_nothing_else_is() -> Result<()> {
    let api = TestApi::start().await?;
    let alive = api.request(Method::GET, "/healthz").send().await?;
    assert_eq!(alive.status(), 200);
    for path in [
        "/api/pipeline",
        "/api/instagram/insights/1",
        "/api/instagram/insights/1/profile-activity",
        "/api/instagram/insights/1/navigation",
        "/api/instagram/insights/metrics/feed",
        "/api/instagram/insights/test?media_id=1",
    ] {
        assert_eq!(problem(api.request(Method::GET, path)).await?.0, 401, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() -> Result<()> {
    let api = TestApi::start().await?;
    for path in ["/nothing", "/api", "/api/nothing", "/api/instagram/insights/", "/healthz/"] {
        let (status, body) = api.problem(path).await?;
        assert_eq!((status, &body["type"]), (404, &json!("not_found")), "{path}");
    }
    for path in ["/healthz", "/api/pipeline"] {
        let request = api.request(Method::DELETE, path);
        let response = request.try_clone().expect("no body").send().await?;
        assert_eq!(response.headers()["allow"], "GET,HEAD");
        let (status, body) = problem(request).await?;
        assert_eq!((status, &body["type"]), (405, &json!("method_not_allowed")));
    }
    Ok(())
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_it_data() -> Result<()> {
    let api = TestApi::start().await?;
    let mut ids = Vec::new();
    for path in ["/healthz", "/api/pipeline", "/nothing", "/api/pipeline?access_token=x"] {
        let response = api.with_key(path).send().await?;
        let headers = response.headers();
        assert_eq!(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        // Data may be kept by who asked for it alone, and is asked for again each time.
        let kept = if path == "/api/pipeline" { "private, no-cache" } else { "no-store" };
        assert_eq!(headers["cache-control"], kept);
        assert_eq!(headers["referrer-policy"], "no-referrer");
        ids.push(headers["x-request-id"].to_str()?.to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    Ok(())
}

#[tokio::test]
async fn an_access_token_in_a_query_is_refused_everywhere_and_shows_nowhere() -> Result<()> {
    let api = TestApi::start().await?;
    let token = "EAABtokenThatMustNotShow";
    let paths = [
        format!("/api/instagram/insights/test?media_id=1&access_token={token}"),
        format!("/api/instagram/insights/1?access_token={token}"),
        format!("/api/pipeline?Access_Token={token}"),
        format!("/api/pipeline?access%5Ftoken={token}"),
        format!("/nothing?x=1&access_token={token}"),
        format!("/healthz?access_token={token}"),
        "/api/pipeline?access_token".to_owned(),
    ];
    for path in paths {
        let (status, body) = api.problem(&path).await?;
        assert_eq!((status, &body["type"]), (400, &json!("token_in_query")), "{path}");
        assert!(!body.to_string().contains(token));
    }
    // A request whose query is not refused leaves no trace of it either.
    api.problem(&format!("/api/instagram/insights/1?note={token}")).await?;
    api.problem(&format!("/api/instagram/insights/1?metrics={token}")).await?;
    let written = log::written();
    assert!(written.contains("a request was answered"));
    assert!(!written.contains(token) && !written.contains(&token.to_lowercase()));
    Ok(())
}

#[tokio::test]
async fn what_the_database_says_is_in_the_log_and_in_no_answer() -> Result<()> {
    let api = TestApi::start().await?;
    sqlx::query("ALTER TABLE pipeline.dirty_mark RENAME TO mark_of_another_version")
        .execute(&api.pool)
        .await?;
    let response = api.with_key("/api/pipeline").send().await?;
    assert_eq!(response.status(), 500);
    let id = response.headers()["x-request-id"].to_str()?.to_owned();
    let headers = format!("{:?}", response.headers());
    let shown = headers + &response.text().await?;
    for word in ["dirty_mark", "relation", "42P01", "sqlx", "SELECT"] {
        assert!(!shown.contains(word), "{word} in {shown}");
    }
    let written = log::written();
    let line = written.lines().find(|line| line.contains(&id) && line.contains("dirty_mark"));
    assert!(line.is_some(), "the log tells what is wrong, under the answer's id: {written}");
    Ok(())
}

#[tokio::test]
async fn a_key_shows_in_no_answer_and_no_log_line() -> Result<()> {
    let api = TestApi::start().await?;
    let secret = api.key.secret.expose_secret();
    for path in ["/api/pipeline", "/api/instagram/insights/1", "/nothing"] {
        let response = api.with_key(path).send().await?;
        assert!(!format!("{:?}", response.headers()).contains(secret));
        assert!(!response.text().await?.contains(secret));
    }
    let written = log::written();
    assert!(!written.contains(secret));
    Ok(())
}

#[tokio::test]
async fn readiness_follows_the_database() -> Result<()> {
    let api = TestApi::start().await?;
    let ready = api.readiness.clone();
    assert!(until(|| ready().is_ok()).await);
    api.clock.advance(Duration::from_secs(3));
    assert!(until(|| ready().is_ok()).await);
    api.pool.close().await;
    // The probe of the last step may still be under way; none succeeds from here on.
    let silent = until(|| {
        api.clock.advance(Duration::from_secs(11));
        ready().is_err_and(|why| why.starts_with("the database has not answered since"))
    })
    .await;
    assert!(silent);
    let (status, body) = api.problem("/api/pipeline").await?;
    assert_eq!((status, &body["type"]), (503, &json!("unavailable")));
    assert_eq!(api.request(Method::GET, "/healthz").send().await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn the_api_ends_when_it_is_told_to() -> Result<()> {
    let api = TestApi::start().await?;
    // An idle connection that is kept open does not hold it up.
    api.get("/api/pipeline").await?;
    tokio::time::timeout(Duration::from_secs(10), api.stop()).await?
}

/// Waits for a condition, for at most ten seconds; `false` where it never held.
async fn until(mut holds: impl FnMut() -> bool) -> bool {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.is_ok()
}
