//! Keys: who passes, who does not, and how often.

use std::time::Duration;

use anyhow::Result;
use cekbrand_insights::keys::{self, Scope};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::server::{TestApi, problem};

const PATH: &str = "/api/pipeline";

#[tokio::test]
async fn every_bad_key_gets_one_and_the_same_answer() -> Result<()> {
    let api = TestApi::start().await?;
    let good = api.key.token.expose_secret();
    let other = keys::generate();
    let wrong_secret = format!("cbk_{}_{}", api.key.id, other.secret.expose_secret());
    let headers = [
        None,
        Some(String::new()),
        Some(good.to_owned()),
        Some(format!("Basic {good}")),
        Some("Bearer ".to_owned()),
        Some("Bearer cbk_".to_owned()),
        Some(format!("Bearer {}", &good[..good.len() - 1])),
        Some(format!("Bearer {good}0")),
        Some(format!("Bearer {}", good.to_uppercase())),
        Some(format!("Bearer {}", other.token.expose_secret())),
        Some(format!("Bearer {wrong_secret}")),
    ];
    let mut answers: Vec<Value> = Vec::new();
    for header in headers {
        let mut request = api.request(Method::GET, PATH);
        if let Some(header) = &header {
            request = request.header("authorization", header);
        }
        let response = request.try_clone().expect("no body").send().await?;
        assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"cekbrand\"", "{header:?}");
        let (status, body) = problem(request).await?;
        assert_eq!(status, 401, "{header:?}");
        answers.push(body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0]["type"], "unauthorized");
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_sent_twice_is_refused() -> Result<()> {
    let api = TestApi::start().await?;
    let twice = api.with_key(PATH).bearer_auth(api.key.token.expose_secret());
    assert_eq!(problem(twice).await?.0, 401);
    Ok(())
}

#[tokio::test]
async fn a_key_ends_when_it_expires_or_is_revoked() -> Result<()> {
    let api = TestApi::start().await?;
    let mut connection = api.pool.acquire().await?;
    let end = api.now() + Duration::from_mins(1);
    let brief = keys::create(&mut connection, "brief", &Scope::All, Some(end), api.now()).await?;
    let ask =
        |key: &keys::GeneratedKey| api.request(Method::GET, PATH).bearer_auth(key.token.expose_secret());
    assert_eq!(ask(&brief).send().await?.status(), 200);
    api.clock.advance(Duration::from_mins(1));
    assert_eq!(problem(ask(&brief)).await?.0, 401);

    assert_eq!(ask(&api.key).send().await?.status(), 200);
    assert!(keys::revoke(&mut connection, &api.key.id, api.now()).await?);
    assert!(!keys::revoke(&mut connection, &api.key.id, api.now()).await?);
    assert!(!keys::revoke(&mut connection, "nobody", api.now()).await?);
    assert_eq!(problem(ask(&api.key)).await?.0, 401);
    Ok(())
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_to_the_minute() -> Result<()> {
    let api = TestApi::start().await?;
    let mut connection = api.pool.acquire().await?;
    let (first, mut noted) = (api.now(), Vec::new());
    for seconds in [0, 59, 1] {
        api.clock.advance(Duration::from_secs(seconds));
        api.get(PATH).await?;
        let listed = keys::list(&mut connection).await?;
        assert_eq!((listed.len(), &listed[0].id, listed[0].name.as_str()), (1, &api.key.id, "tests"));
        noted.extend(listed[0].last_used_at);
    }
    assert_eq!(noted, [first, first, first + Duration::from_mins(1)]);
    Ok(())
}

#[tokio::test]
async fn a_key_has_fifty_requests_a_second_and_no_other_key_pays_for_it() -> Result<()> {
    let api = TestApi::start().await?;
    for _ in 0..50 {
        api.get(PATH).await?;
    }
    let refused = api.with_key(PATH).send().await?;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse()?));
    assert_eq!(api.problem(PATH).await?.1["type"], "rate_limited");

    let mut connection = api.pool.acquire().await?;
    let other = keys::create(&mut connection, "other", &Scope::All, None, api.now()).await?;
    let ask = api.request(Method::GET, PATH).bearer_auth(other.token.expose_secret());
    assert_eq!(ask.send().await?.status(), 200);

    api.clock.advance(Duration::from_secs(1));
    api.get(PATH).await?;
    Ok(())
}

#[tokio::test]
async fn only_the_hash_of_a_key_is_stored() -> Result<()> {
    let api = TestApi::start().await?;
    let stored: String =
        sqlx::query_scalar("SELECT api_key::text FROM pipeline.api_key").fetch_one(&api.pool).await?;
    assert!(stored.contains(&api.key.id) && !stored.contains(api.key.secret.expose_secret()));
    Ok(())
}
