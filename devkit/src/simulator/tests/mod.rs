//! The simulator over HTTP: answers in Meta's shapes, and every error when it is due.

mod access;
mod faults;
mod figures;
mod nodes;

use std::sync::Arc;

use cekbrand_schema::{Clock, ManualClock};
use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::*;
use crate::world::{Medium, Product};

struct Test {
    simulator: Simulator,
    clock: ManualClock,
    client: Client,
}

/// A status, headers and a body.
struct Answer {
    status: u16,
    usage: Option<String>,
    body: Value,
}

impl Test {
    async fn new() -> Self {
        Self::with(SimulatorConfig::default()).await
    }

    async fn with(config: SimulatorConfig) -> Self {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let clock = ManualClock::new("2026-11-20T08:00:00Z".parse().unwrap());
        let simulator = Simulator::start(11, config, Arc::new(clock.clone())).await.unwrap();
        Self { simulator, clock, client: Client::builder().no_proxy().build().unwrap() }
    }

    fn account(&self) -> &Account {
        &self.simulator.world().accounts()[0]
    }

    fn medium<'a>(&'a self, wanted: impl Fn(&Medium) -> bool + 'a) -> &'a Medium {
        let world = self.simulator.world();
        world.media_of(self.account(), wanted).next().unwrap()
    }

    fn post(&self) -> &Medium {
        self.medium(|medium| {
            medium.product == Product::Feed && medium.past_comments > 20 && !medium.likes_hidden
        })
    }

    fn token(&self) -> String {
        self.simulator.token(self.account()).unwrap().expose_secret().to_owned()
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_as(path, &self.token()).await
    }

    async fn get_as(&self, path: &str, token: &str) -> Answer {
        let url = format!("{}/v25.0/{path}", self.simulator.base_url());
        let response = self.client.get(url).bearer_auth(token).send().await.unwrap();
        let usage = response
            .headers()
            .get("x-business-use-case-usage")
            .map(|value| value.to_str().unwrap().to_owned());
        Answer { status: response.status().as_u16(), usage, body: response.json().await.unwrap() }
    }

    async fn error(&self, path: &str) -> (i64, Option<i64>, String) {
        let error = &self.get(path).await.body["error"];
        (
            error["code"].as_i64().unwrap(),
            error["error_subcode"].as_i64(),
            error["message"].as_str().unwrap().to_owned(),
        )
    }
}
