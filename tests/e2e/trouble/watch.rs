//! What a worker says of itself, asked several times a second.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::command::http;

/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// How long it may take to answer; one that is stopped never does.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// One answer of `/readyz`, and when it was asked for.
#[derive(Debug)]
struct Said {
    at: Instant,
    ready: Result<(), String>,
}

/// Asks a worker whether it is ready, for as long as the value lives.
pub(super) struct Watch {
    said: Arc<Mutex<Vec<Said>>>,
    asking: JoinHandle<()>,
}

impl Watch {
    pub(super) fn new(admin: &str) -> Self {
        let said: Arc<Mutex<Vec<Said>>> = Arc::default();
        let (url, held) = (format!("http://{admin}/readyz"), Arc::clone(&said));
        let asking = tokio::spawn(async move {
            let client = http();
            loop {
                let at = Instant::now();
                let answer = client.get(&url).timeout(ANSWER_WITHIN).send().await;
                let ready = match answer {
                    Ok(answer) if answer.status().is_success() => Ok(()),
                    Ok(answer) => Err(answer.text().await.unwrap_or_default()),
                    Err(_) => Err("no answer".to_owned()),
                };
                held.lock().unwrap().push(Said { at, ready });
                tokio::time::sleep(ASK_EVERY).await;
            }
        });
        Self { said, asking }
    }

    /// What it said last.
    pub(super) fn now(&self) -> Result<(), String> {
        let said = self.said.lock().unwrap();
        said.last().map_or_else(|| Err("nobody has asked yet".to_owned()), |last| last.ready.clone())
    }

    /// Whether it says that it is not ready, with these words.
    pub(super) fn says(&self, words: &str) -> Result<(), String> {
        match self.now() {
            Err(said) if said.contains(words) => Ok(()),
            said => Err(format!("it does not say {words:?} but {said:?}")),
        }
    }

    /// It has been asked since then, and has never said that it is ready.
    pub(super) fn never_well_since(&self, since: Instant) {
        let said = self.said.lock().unwrap();
        let later: Vec<_> = said.iter().filter(|each| each.at > since).collect();
        assert!(!later.is_empty(), "nobody has asked");
        let lie = later.iter().find(|each| each.ready.is_ok());
        assert!(
            lie.is_none(),
            "it said that it is ready: {:?}",
            lie.map(|each| each.at.duration_since(since))
        );
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.asking.abort();
    }
}
