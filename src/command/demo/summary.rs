//! What came of the demo: as tables, or as one JSON object.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::feed::Sent;
use super::parts::Parts;
use super::settle::Settled;
use crate::store::books;
use crate::store::highlights::{self, Filled, Stories, TopMedium};

/// The numbers.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    sent: u64,
    accepted: u64,
    retried: u64,
    landed: i64,
    duplicates: i64,
    dead_lettered: i64,
    expired: i64,
    ledger_closed: bool,
    tasks_done: i64,
    tasks_parked: i64,
    tasks_open: i64,
    parked_by_reason: BTreeMap<String, i64>,
    dirty_marks: i64,
    graph_calls: u64,
    graph_calls_by_kind: BTreeMap<String, u64>,
    rows: BTreeMap<String, i64>,
    tables: Filled,
    stories: Stories,
    top_media: Vec<TopMedium>,
    kafka: &'static str,
    elapsed_s: f64,
}

impl Summary {
    /// Reads what the tables hold and what the simulator counted.
    pub(super) async fn gather(
        parts: &Parts,
        sent: &Sent,
        settled: Settled,
        elapsed: Duration,
    ) -> Result<Self> {
        let Settled { totals, work } = settled;
        let pool = &parts.pool;
        let parked = books::parked(pool).await.context("parked reads cannot be counted")?;
        let costs = parts.simulator.costs().into_iter().map(|(kind, count)| (format!("{kind:?}"), count));
        let changes = u64::try_from(totals.changes()).unwrap_or(0);
        // A try without an answer may have brought its changes too, so the sum may lie that much higher.
        let is_whole = (sent.accepted..=sent.accepted + sent.retried).contains(&changes);
        Ok(Self {
            sent: sent.changes,
            accepted: sent.accepted,
            retried: sent.retried,
            landed: totals.landed,
            duplicates: totals.duplicates,
            dead_lettered: totals.dead_lettered,
            expired: totals.expired,
            ledger_closed: totals.closed && totals.expired == 0 && is_whole,
            tasks_done: work.done,
            tasks_parked: work.parked,
            tasks_open: work.open,
            parked_by_reason: parked.into_iter().collect(),
            dirty_marks: work.dirty_marks,
            graph_calls: parts.simulator.total_cost(),
            graph_calls_by_kind: costs.collect(),
            rows: highlights::rows(pool).await.context("rows cannot be counted")?.into_iter().collect(),
            tables: highlights::filled(pool).await.context("tables cannot be counted")?,
            stories: highlights::stories(pool).await.context("stories cannot be counted")?,
            top_media: highlights::top_media(pool).await.context("media cannot be read")?,
            kafka: if parts.is_mock { "in process" } else { "configured" },
            elapsed_s: (elapsed.as_secs_f64() * 10.0).round() / 10.0,
        })
    }

    /// Whether nothing is missing and nothing is left to do.
    pub(super) fn is_complete(&self) -> bool {
        self.ledger_closed && self.tasks_open == 0 && self.dirty_marks == 0
    }

    /// A medium that is worth asking for.
    pub(super) fn a_medium(&self) -> Option<&str> {
        self.top_media.first().map(|medium| medium.id.as_str())
    }

    /// The last line of stdout.
    pub(super) fn print_json(&self) -> Result<()> {
        println!("{}", serde_json::to_string(self).context("the summary is no JSON")?);
        Ok(())
    }

    /// For people.
    pub(super) fn print_tables(&self) {
        println!("{} changes accepted in {:.1} s (Kafka: {})\n", self.accepted, self.elapsed_s, self.kafka);
        let line = |count: &dyn std::fmt::Display, what: &str| println!("{count:>10}  {what}");
        line(&self.landed, "landed");
        line(&self.duplicates, "were known already");
        line(&self.dead_lettered, "could not be parsed and are kept as bytes");
        let books = if self.ledger_closed { "the books close" } else { "THE BOOKS DO NOT CLOSE" };
        println!("            {books}\n");
        line(&self.graph_calls, "Graph calls");
        for (kind, count) in &self.graph_calls_by_kind {
            println!("{count:>18}  {kind}");
        }
        line(&self.tasks_done, "reads done");
        line(&self.tasks_parked, "reads parked");
        for (reason, count) in &self.parked_by_reason {
            println!("{count:>18}  {reason}");
        }
        println!();
        for (table, count) in &self.rows {
            line(count, table);
        }
        let (Filled { filled, of, empty }, Stories { taken_in, with_figures }) = (&self.tables, self.stories);
        let lacking = if empty.is_empty() { String::new() } else { format!("; empty: {}", empty.join(", ")) };
        println!("\n            first sync: {filled} of {of} tables of instagram are filled{lacking}");
        println!("            story vault: {taken_in} stories, {with_figures} with figures");
        self.print_top_media();
    }

    fn print_top_media(&self) {
        let Some(brand) = self.top_media.first().and_then(|medium| medium.brand.as_deref()) else { return };
        println!("\ntop media of @{brand}");
        println!(
            "{:>18} {:<7} {:>8} {:>9} {:>8} {:>9}  CAPTION",
            "ID", "KIND", "LIKES", "COMMENTS", "ARRIVED", "VIEWS"
        );
        let shown = |figure: Option<i64>| figure.map_or("-".to_owned(), |figure| figure.to_string());
        for medium in &self.top_media {
            let caption = medium.caption.as_deref().unwrap_or_default().replace('\n', " ");
            println!(
                "{:>18} {:<7} {:>8} {:>9} {:>8} {:>9}  {caption}",
                medium.id,
                medium.kind.as_deref().unwrap_or("-"),
                shown(medium.likes),
                shown(medium.comments),
                medium.arrived,
                shown(medium.views)
            );
        }
    }
}
