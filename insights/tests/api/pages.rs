//! Pages over HTTP: who gets in, what a form must prove, and what a page may load.

use std::time::Duration;

use anyhow::{Context, Result};
use cekbrand_insights::access::Scope;
use cekbrand_insights::keys;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use secrecy::ExposeSecret;

use crate::server::TestApi;

/// Somebody who has signed in, as the browser's cookie says.
async fn sign_in(api: &TestApi, key: &str) -> Result<Response> {
    let form = [("key", key), ("next", "/glossary?lang=en")];
    Ok(api.request(Method::POST, "/login?lang=en").form(&form).send().await?)
}

pub(crate) async fn cookie(api: &TestApi) -> Result<String> {
    let response = sign_in(api, api.key.token.expose_secret()).await?;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[LOCATION], "/glossary?lang=en");
    let set = response.headers()[SET_COOKIE].to_str()?.to_owned();
    assert!(set.ends_with("; HttpOnly; SameSite=Strict"), "{set}");
    Ok(set.split(';').next().context("no cookie")?.to_owned())
}

pub(crate) async fn get(api: &TestApi, path: &str, cookie: &str) -> Result<Response> {
    Ok(api.request(Method::GET, path).header(COOKIE, cookie).send().await?)
}

#[tokio::test]
async fn pages_are_for_whoever_has_signed_in_with_a_valid_key() -> Result<()> {
    let api = TestApi::start().await?;
    let asked = get(&api, "/glossary?lang=en", "").await?;
    assert_eq!(asked.headers()[LOCATION], "/login?next=%2Fglossary%3Flang%3Den&lang=en");
    let refused = sign_in(&api, keys::generate().token.expose_secret()).await?;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(refused.headers().get(SET_COOKIE).is_none());

    let cookie = cookie(&api).await?;
    assert_eq!(get(&api, "/glossary?lang=en", &cookie).await?.status(), StatusCode::OK);
    let forged = format!("{}0", &cookie[..cookie.len() - 1]);
    assert!(forged == cookie || get(&api, "/glossary", &forged).await?.status() == StatusCode::SEE_OTHER);
    assert!(keys::revoke(&mut *api.pool.acquire().await?, &api.key.id, api.now()).await?);
    assert_eq!(get(&api, "/glossary", &cookie).await?.status(), StatusCode::SEE_OTHER, "its key is revoked");
    Ok(())
}

#[tokio::test]
async fn a_session_ends_when_nobody_comes_and_at_the_latest_after_a_month() -> Result<()> {
    let api = TestApi::start().await?;
    let (idle, busy) = (cookie(&api).await?, cookie(&api).await?);
    for _ in 0..6 {
        api.clock.advance(Duration::from_hours(5 * 24));
        let is_over =
            api.now() >= crate::server::START.parse::<jiff::Timestamp>()? + Duration::from_hours(30 * 24);
        let expected = if is_over { StatusCode::SEE_OTHER } else { StatusCode::OK };
        assert_eq!(get(&api, "/glossary", &busy).await?.status(), expected);
    }
    assert_eq!(get(&api, "/glossary", &idle).await?.status(), StatusCode::SEE_OTHER);
    Ok(())
}

#[tokio::test]
async fn neither_session_nor_form_token_is_stored() -> Result<()> {
    let api = TestApi::start().await?;
    let cookie = cookie(&api).await?;
    let (_, token) = cookie.split_once('=').context("no token")?;
    let stored: String =
        sqlx::query_scalar("SELECT session::text FROM pipeline.session").fetch_one(&api.pool).await?;
    assert!(stored.contains(&api.key.id) && !stored.contains(token));
    let page = get(&api, "/glossary", &cookie).await?.text().await?;
    let (_, rest) = page.split_once("name=\"form_token\" value=\"").context("no form")?;
    let form_token = rest.split('"').next().context("no token")?;
    assert!(form_token.len() == 64 && !stored.contains(form_token) && !page.contains(token));
    Ok(())
}

#[tokio::test]
async fn a_form_that_is_not_ours_changes_nothing() -> Result<()> {
    let api = TestApi::start().await?;
    let cookie = cookie(&api).await?;
    let page = get(&api, "/glossary", &cookie).await?.text().await?;
    let (_, rest) = page.split_once("name=\"form_token\" value=\"").context("no form")?;
    let form_token = rest.split('"').next().context("no token")?.to_owned();
    let send = |token: &str, site: &'static str| {
        let form = [("form_token", token.to_owned())];
        api.request(Method::POST, "/logout")
            .header(COOKIE, &cookie)
            .header("sec-fetch-site", site)
            .form(&form)
    };
    let guessed = "0".repeat(64);
    for refused in
        [send(&guessed, "same-origin"), send(&form_token, "cross-site"), send(&form_token, "same-site")]
    {
        assert_eq!(refused.send().await?.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(get(&api, "/glossary", &cookie).await?.status(), StatusCode::OK);
    assert_eq!(send(&form_token, "same-origin").send().await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(get(&api, "/glossary", &cookie).await?.status(), StatusCode::SEE_OTHER);
    Ok(())
}

#[tokio::test]
async fn whoever_guesses_keys_is_made_to_wait_even_with_the_right_one() -> Result<()> {
    let api = TestApi::start().await?;
    for _ in 0..10 {
        let guess = keys::generate();
        assert_eq!(sign_in(&api, guess.token.expose_secret()).await?.status(), StatusCode::UNAUTHORIZED);
    }
    let right = api.key.token.expose_secret();
    assert_eq!(sign_in(&api, right).await?.status(), StatusCode::TOO_MANY_REQUESTS);
    api.clock.advance(Duration::from_secs(12));
    assert_eq!(sign_in(&api, right).await?.status(), StatusCode::SEE_OTHER);
    Ok(())
}

#[tokio::test]
async fn a_page_runs_nothing_but_our_own_scripts() -> Result<()> {
    let api = TestApi::start().await?;
    for path in ["/login", "/nowhere-at-all", "/glossary"] {
        let response = get(&api, path, "").await?;
        let policy = response.headers()["content-security-policy"].to_str()?.to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    }
    let page = get(&api, "/login", "").await?;
    assert_eq!(page.headers()["cache-control"], "no-store");
    let page = page.text().await?;
    assert!(!page.contains(" style=") && !page.contains(" onclick=") && !page.contains("<script>"));
    assert!(!page.contains("https://") && !page.contains("http://"));
    Ok(())
}

#[tokio::test]
async fn assets_are_kept_for_good_and_change_their_address_with_their_content() -> Result<()> {
    let api = TestApi::start().await?;
    let page = get(&api, "/login", "").await?.text().await?;
    let (_, rest) = page.split_once("stylesheet\" href=\"").context("no style sheet")?;
    let address = rest.split('"').next().context("no address")?;
    let asset = get(&api, address, "").await?;
    assert_eq!(asset.headers()["cache-control"], "public, max-age=31536000, immutable");
    let tag = asset.headers()["etag"].clone();
    let again = api.request(Method::GET, address).header("if-none-match", tag).send().await?;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let packed = api.request(Method::GET, address).header("accept-encoding", "gzip").send().await?;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(get(&api, "/assets/0000000000000000/pages.css", "").await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn a_key_of_some_accounts_shows_only_these() -> Result<()> {
    let api = TestApi::start().await?;
    for id in ["1784", "1785"] {
        sqlx::query(
            "INSERT INTO pipeline.account (account_id, login, added_at) VALUES ($1, 'facebook', now())",
        )
        .bind(id)
        .execute(&api.pool)
        .await?;
    }
    let scope = Scope::Accounts(vec!["1784".to_owned()]);
    let key = keys::create(&mut *api.pool.acquire().await?, "one", &scope, None, api.now()).await?;
    let signed_in = sign_in(&api, key.token.expose_secret()).await?;
    let set = signed_in.headers()[SET_COOKIE].to_str()?.to_owned();
    let cookie = set.split(';').next().context("no cookie")?.to_owned();
    let portfolio = get(&api, "/?lang=en", &cookie).await?;
    assert!(portfolio.headers()[LOCATION].to_str()?.starts_with("/accounts/1784?"));
    assert_eq!(get(&api, "/accounts/1784", &cookie).await?.status(), StatusCode::OK);
    for hidden in ["/accounts/1785", "/accounts/1785/csv/chart", "/accounts/999", "/pipeline"] {
        assert_eq!(get(&api, hidden, &cookie).await?.status(), StatusCode::NOT_FOUND, "{hidden}");
    }
    Ok(())
}
