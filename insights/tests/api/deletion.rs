//! The page of a request to delete, as a person sees it.

use anyhow::Result;
use reqwest::{Method, StatusCode};

use crate::server::TestApi;

const REQUEST: &str = "
INSERT INTO pipeline.deletion_request
    (confirmation_code, kind, app_scoped_id, account_id, state, erased, requested_at, finished_at)
VALUES ($1, $2, '7412345678901', '17841400000000001', $3, '{\"instagram.media\": 12}', '2026-11-21T08:00:00Z',
    CASE WHEN $3 IN ('done', 'nothing_held') THEN timestamptz '2026-11-21T09:00:00Z' END)";

async fn page(api: &TestApi, code: &str) -> Result<(StatusCode, String)> {
    let answer = api.request(Method::GET, &format!("/deletions/{code}")).send().await?;
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    Ok((answer.status(), answer.text().await?))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_code_sees_how_far_it_is_in_two_languages_and_nothing_else() -> Result<()> {
    let api = TestApi::start().await?;
    let states = [
        ("received", "sedang diproses", "in progress"),
        ("running", "sedang diproses", "in progress"),
        ("done", "telah dihapus", "have been deleted"),
        ("nothing_held", "Tidak ada data", "hold no data"),
    ];
    for (number, (state, indonesian, english)) in states.into_iter().enumerate() {
        let code = format!("abcdef01234567890123456{number}");
        sqlx::query(REQUEST).bind(&code).bind("data_deletion").bind(state).execute(&api.pool).await?;
        let (status, body) = page(&api, &code).await?;
        assert_eq!(status, StatusCode::OK, "{state}");
        assert!(body.contains(indonesian) && body.contains(english), "{state}: {body}");
        for told in ["7412345678901", "17841400000000001", "instagram.media", "12", "2026"] {
            assert!(!body.contains(told), "{state} tells {told}");
        }
    }
    // The code of another kind of request, one of nobody, and what is no code.
    sqlx::query(REQUEST).bind("00ff").bind("deauthorize").bind("done").execute(&api.pool).await?;
    for code in ["00ff", "0123456789abcdef01234567", "%3Cscript%3E", &"a".repeat(500), "x%00"] {
        let (status, body) = page(&api, code).await?;
        assert_eq!(status, StatusCode::NOT_FOUND, "{code}");
        assert!(body.contains("tidak kami kenal") && !body.contains("script"), "{body}");
    }
    api.stop().await
}
