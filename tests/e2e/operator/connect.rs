//! Accounts are connected in a browser, through Meta's dialogs, from nothing to the first reads that are due.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode};

use super::Bench;
use crate::command::{Cekbrand, Role, free_port, http};

/// The command, waiting for a browser.
struct Connecting {
    bench: Bench,
    role: Role,
    base: String,
    browser: Client,
}

impl Connecting {
    async fn start() -> Self {
        let bench = Bench::new().await;
        let port = free_port();
        let simulator = bench.simulator.base_url().to_owned();
        let with = |cekbrand: Cekbrand, (name, value): (&'static str, String)| {
            cekbrand.with(&format!("CEKBRAND__{name}"), value)
        };
        let dialogs = ["DIALOG_URL", "INSTAGRAM_DIALOG_URL", "INSTAGRAM_LOGIN_URL"];
        let dialogs = dialogs.map(|name| (format!("CEKBRAND__GRAPH__{name}"), simulator.clone()));
        let cekbrand = bench.settings().into_iter().fold(Cekbrand::new(), with);
        let cekbrand =
            dialogs.into_iter().fold(cekbrand, |cekbrand, (name, value)| cekbrand.with(&name, value));
        let base = format!("http://127.0.0.1:{port}");
        let listen = format!("127.0.0.1:{port}");
        let mut role = cekbrand.start_with(&["connect", "--listen", &listen, "--public-url", &base]);
        let deadline = Instant::now() + Duration::from_secs(30);
        while !role.stdout().contains(&base) {
            assert!(role.is_running() && Instant::now() < deadline, "{}", role.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let bench = Bench { cekbrand, ..bench };
        Self { bench, role, base, browser: http() }
    }

    async fn get(&self, url: &str) -> Page {
        Page::read(self.browser.get(url).send().await.unwrap()).await
    }

    /// Starts a dialog: the page on which Meta asks.
    async fn dialog(&self, login: &str) -> Page {
        let begin = self.get(&self.base).await;
        assert!(begin.text.contains(&format!("/start/{login}")), "{}", begin.text);
        self.get(&format!("{}/start/{login}", self.base)).await
    }

    /// Answers it: the page that the person comes back to.
    async fn answer(&self, dialog: &Page, answer: &str, without: &[&str]) -> Page {
        let mut fields = dialog.fields();
        fields.retain(|name, _| !without.contains(&name.as_str()));
        fields.insert("answer".to_owned(), answer.to_owned());
        let url = format!("{}/__dialog/answer", self.bench.simulator.base_url());
        Page::read(self.browser.get(url).query(&fields).send().await.unwrap()).await
    }

    async fn choose(&self, form: &str, accounts: &[&str]) -> Page {
        let mut fields = vec![("form", form)];
        fields.extend(accounts.iter().map(|account| ("account", *account)));
        let url = format!("{}/choose", self.base);
        Page::read(self.browser.post(url).form(&fields).send().await.unwrap()).await
    }

    /// No page and nothing that was printed holds a token.
    fn assert_kept_secret(&self, pages: &[&Page]) {
        for secret in self.bench.simulator.secrets() {
            for page in pages {
                assert!(!page.text.contains(&secret) && !page.url.contains(&secret), "{}", page.text);
            }
            assert!(!self.role.stdout().contains(&secret) && !self.role.log().contains(&secret));
        }
    }
}

struct Page {
    status: StatusCode,
    url: String,
    text: String,
}

impl Page {
    async fn read(response: Response) -> Self {
        let (status, url) = (response.status(), response.url().to_string());
        Self { status, url, text: response.text().await.unwrap() }
    }

    /// What its form sends when nothing is changed.
    fn fields(&self) -> BTreeMap<String, String> {
        let inputs = self.text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
        let attribute = |input: &str, name: &str| {
            let (_, rest) = input.split_once(&format!("{name}=\"")).unwrap_or_default();
            rest.split('"').next().unwrap_or_default().replace("&amp;", "&")
        };
        inputs.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn facebook_login_leads_from_an_empty_database_to_reads_that_are_due() {
    let mut there = Connecting::start().await;
    let dialog = there.dialog("facebook").await;
    assert!(dialog.text.contains("instagram_manage_insights"), "{}", dialog.text);
    let choice = there.answer(&dialog, "allow", &["instagram_manage_comments"]).await;
    assert_eq!(choice.status, StatusCode::OK, "{}", choice.text);
    let missing = "<b>instagram_manage_comments</b>: without it no comments";
    assert!(
        choice.text.contains(missing) && !choice.text.contains("<b>instagram_basic</b>"),
        "{}",
        choice.text
    );
    let (first, second) = (there.bench.id(0), there.bench.id(1));
    assert!([&first, &second].iter().all(|id| choice.text.contains(id.as_str())), "{}", choice.text);
    let form = choice.fields()["form"].clone();
    let done = there.choose(&form, &[&first, "17841499999999999"]).await;
    assert!(done.text.contains(&first) && done.text.contains("its webhooks subscribed"), "{}", done.text);
    there.assert_kept_secret(&[&dialog, &choice, &done]);
    let deadline = Instant::now() + Duration::from_secs(30);
    while there.role.is_running() {
        assert!(Instant::now() < deadline, "it does not end: {}", there.role.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let cekbrand = &there.bench.cekbrand;
    let shown: serde_json::Value =
        serde_json::from_str(&cekbrand.ok(&["account", "show", &first, "--json"])).unwrap();
    assert_eq!((&shown["token"]["state"], &shown["login"]), (&"valid".into(), &"facebook".into()), "{shown}");
    assert!(shown["reads"][0]["next_due"].is_string(), "{shown}");
    let accounts: i64 = there.bench.value("SELECT count(*) FROM pipeline.account").await;
    assert_eq!(accounts, 1, "what was not chosen is not watched");
    let page: Option<String> = there.bench.value("SELECT token_secret FROM instagram.instagram_tokens").await;
    assert!(page.is_some_and(|sealed| sealed.starts_with("v1.")));
    cekbrand.ok(&["subscribe", "--check", &first]);
}

#[tokio::test(flavor = "multi_thread")]
async fn instagram_login_connects_the_account_under_the_webhooks_id() {
    let there = Connecting::start().await;
    let dialog = there.dialog("instagram").await;
    let choice = there.answer(&dialog, "allow", &[]).await;
    assert!(!choice.text.contains("Not granted"), "{}", choice.text);
    let id = there.bench.id(0);
    let done = there.choose(&choice.fields()["form"].clone(), &[&id]).await;
    assert!(done.text.contains("its webhooks subscribed"), "{}", done.text);
    let scoped: String = there.bench.value(r#"SELECT app_scoped_id FROM instagram."user""#).await;
    assert_eq!(scoped, there.bench.simulator.app_scoped_id(&there.bench.simulator.world().watched()[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_asked_for_and_a_form_that_is_sent_twice_change_nothing() {
    let there = Connecting::start().await;
    let forged = there.get(&format!("{}/callback?code=SIMCODE-1&state=made-up", there.base)).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST);
    assert_eq!(there.choose("made-up", &[&there.bench.id(0)]).await.status, StatusCode::BAD_REQUEST);
    let denied = there.answer(&there.dialog("facebook").await, "deny", &[]).await;
    assert!(
        denied.text.contains("not granted") && denied.text.contains("Nothing was changed"),
        "{}",
        denied.text
    );
    let dialog = there.dialog("facebook").await;
    let choice = there.answer(&dialog, "allow", &[]).await;
    let again = there.get(&choice.url).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "a state is good once: {}", again.text);
    let form = choice.fields()["form"].clone();
    let none = there.choose(&form, &[]).await;
    assert!(none.text.contains("No account was chosen"), "{}", none.text);
    assert_eq!(there.choose(&form, &[&there.bench.id(0)]).await.status, StatusCode::BAD_REQUEST);
    let accounts: i64 = there.bench.value("SELECT count(*) FROM pipeline.account").await;
    assert_eq!(accounts, 0);
}
