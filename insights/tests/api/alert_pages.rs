//! Rules, receivers and labels, made with forms.

use anyhow::{Context, Result};
use reqwest::header::COOKIE;
use reqwest::{Method, Response, StatusCode};

use crate::brand::{self, ACCOUNT};
use crate::pages::{cookie, get};
use crate::server::TestApi;

struct Visitor {
    api: TestApi,
    cookie: String,
    form_token: String,
}

impl Visitor {
    async fn new() -> Result<Self> {
        let api = brand::api().await?;
        let cookie = cookie(&api).await?;
        let page = get(&api, "/glossary", &cookie).await?.text().await?;
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").context("no form")?;
        let form_token = rest.split('"').next().context("no token")?.to_owned();
        Ok(Self { api, cookie, form_token })
    }

    async fn page(&self, path: &str) -> Result<String> {
        let answer = get(&self.api, path, &self.cookie).await?;
        anyhow::ensure!(answer.status() == StatusCode::OK, "{path}: {}", answer.status());
        Ok(answer.text().await?)
    }

    async fn send(&self, path: &str, form: &[(&str, &str)]) -> Result<Response> {
        let mut form = form.to_vec();
        form.push(("form_token", &self.form_token));
        Ok(self.api.request(Method::POST, path).header(COOKIE, &self.cookie).form(&form).send().await?)
    }
}

fn path(what: &str) -> String {
    format!("/accounts/{ACCOUNT}/alerts{what}")
}

const RULE: [(&str, &str); 6] = [
    ("name", "<b>Turun</b>"),
    ("metric", "reach"),
    ("measure", "growth"),
    ("direction", "below"),
    ("threshold", "-12,5"),
    ("timeframe", "7"),
];

#[tokio::test]
async fn a_rule_is_made_in_percent_and_deleted() -> Result<()> {
    let visitor = Visitor::new().await?;
    let made = visitor.send(&path("/rules"), &RULE).await?;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let (id, threshold): (i64, f64) =
        sqlx::query_as("SELECT id, threshold FROM pipeline.alert_rule").fetch_one(&visitor.api.pool).await?;
    assert!((threshold - -0.125).abs() < 1e-9);
    let shown = visitor.page(&path("?lang=en")).await?;
    assert!(shown.contains("&#60;b&#62;Turun") && !shown.contains("<b>Turun"), "it is escaped");
    assert!(shown.contains("Not known"), "nobody knows the growth");
    for (name, value) in
        [("threshold", "much"), ("threshold", "NaN"), ("metric", "likes"), ("timeframe", "9")]
    {
        let bad = RULE.map(|(held, old)| if held == name { (held, value) } else { (held, old) });
        assert_eq!(visitor.send(&path("/rules"), &bad).await?.status(), StatusCode::BAD_REQUEST, "{name}");
    }
    let forged = visitor.api.request(Method::POST, &path("/rules")).header(COOKIE, &visitor.cookie);
    let forged = forged.form(&[RULE.as_slice(), &[("form_token", "0")]].concat()).send().await?;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        visitor.send(&path(&format!("/rules/{id}/delete")), &[]).await?.status(),
        StatusCode::SEE_OTHER
    );
    assert!(!visitor.page(&path("?lang=en")).await?.contains("Turun"));
    Ok(())
}

#[tokio::test]
async fn a_receivers_secret_is_on_the_page_that_adds_it_and_on_no_other() -> Result<()> {
    let visitor = Visitor::new().await?;
    let form = [("address", "https://hooks.example.com/x"), ("channel_lang", "en"), ("digest", "on")];
    let made = visitor.send(&path("/channels"), &form).await?.text().await?;
    assert!(made.contains("whsec_"), "{made}");
    let shown = visitor.page(&path("?lang=en")).await?;
    assert!(shown.contains("https://hooks.example.com/x") && !shown.contains("whsec_"));
    let (alerts, digest): (bool, bool) = sqlx::query_as("SELECT alerts, digest FROM pipeline.alert_channel")
        .fetch_one(&visitor.api.pool)
        .await?;
    assert_eq!((alerts, digest), (false, true));
    assert_eq!(visitor.send(&path("/channels/1/test"), &[]).await?.status(), StatusCode::SEE_OTHER);
    let shown = visitor.page(&path("?lang=en")).await?;
    assert!(shown.contains("waiting"), "{shown}");
    assert_eq!(visitor.send(&path("/channels/1/delete"), &[]).await?.status(), StatusCode::SEE_OTHER);
    assert!(!visitor.page(&path("?lang=en")).await?.contains("hooks.example.com"));
    Ok(())
}

#[tokio::test]
async fn a_label_is_put_on_a_medium_and_its_figures_are_on_the_brands_page() -> Result<()> {
    let visitor = Visitor::new().await?;
    let form = [("name", "Ramadan"), ("next", "/media/101")];
    for _ in 0..2 {
        assert_eq!(visitor.send("/media/101/labels", &form).await?.status(), StatusCode::SEE_OTHER);
    }
    assert!(visitor.page("/media/101").await?.contains("Ramadan"));
    let brand = visitor.page(&format!("/accounts/{ACCOUNT}?lang=en")).await?;
    let (_, card) = brand.split_once("id=\"labels\"").context("no card")?;
    let (card, _) = card.split_once("</section>").context("no end")?;
    assert!(card.contains("Ramadan") && card.contains(">44<") && card.contains(">300<"), "{card}");
    let csv = visitor.page(&format!("/accounts/{ACCOUNT}/csv/labels?lang=en")).await?;
    assert!(csv.lines().any(|line| line.starts_with("Ramadan,1,44,44,450,300")), "{csv}");
    let remove = "/media/101/labels/1/remove";
    assert_eq!(visitor.send(remove, &[("next", "/media/101")]).await?.status(), StatusCode::SEE_OTHER);
    let brand = visitor.page(&format!("/accounts/{ACCOUNT}/csv/labels?lang=en")).await?;
    assert!(brand.lines().any(|line| line == "Ramadan,0,,,,"), "{brand}");
    Ok(())
}
