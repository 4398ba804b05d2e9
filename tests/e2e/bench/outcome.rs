//! What lies in the tables and topics after a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Headers;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use super::{Bench, PARTITIONS};
use crate::command::TOKEN_KEY;

/// The ledger, summed over all partitions.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Books {
    pub(crate) landed: i64,
    pub(crate) duplicates: i64,
    pub(crate) dead_lettered: i64,
    pub(crate) expired: i64,
    pub(crate) closed: bool,
}

/// The ledger's sums, as the sender counts.
#[derive(Debug)]
pub(crate) struct Sums {
    pub(crate) landed: u64,
    pub(crate) duplicates: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) expired: i64,
    pub(crate) closed: bool,
}

impl Bench {
    /// The events that landed: account, field, raw value.
    pub(crate) async fn events(&self) -> Vec<(String, String, String)> {
        let sql = "SELECT account_id, field, raw FROM pipeline.event";
        sqlx::query_as(sql).fetch_all(&self.pool()).await.unwrap()
    }

    /// The dead letters: reason and whole body, put together from its parts.
    pub(crate) async fn dead_letters(&self) -> Vec<(String, Vec<u8>)> {
        let sql = "SELECT dead.reason, dead.payload || coalesce((
                       SELECT string_agg(part.payload, ''::bytea ORDER BY part.part) FROM pipeline.dead_letter_part AS part
                       WHERE part.event_id = dead.event_id), '')
                   FROM pipeline.dead_letter AS dead";
        sqlx::query_as(sql).fetch_all(&self.pool()).await.unwrap()
    }

    pub(crate) async fn books(&self) -> Sums {
        let sql = "SELECT sum(landed)::bigint AS landed, sum(duplicates)::bigint AS duplicates, sum(dead_lettered)::bigint AS dead_lettered,
                          sum(expired)::bigint AS expired, bool_and(closed) AS closed FROM pipeline.ledger";
        let books: Books = sqlx::query_as(sql).fetch_one(&self.pool()).await.unwrap();
        Sums {
            landed: books.landed.cast_unsigned(),
            duplicates: books.duplicates.cast_unsigned(),
            dead_lettered: books.dead_lettered.cast_unsigned(),
            expired: books.expired,
            closed: books.closed,
        }
    }

    async fn lines(&self, sql: &'static str) -> BTreeSet<String> {
        let lines: Vec<String> = sqlx::query_scalar(sql).fetch_all(&self.pool()).await.unwrap();
        let number = lines.len();
        let distinct: BTreeSet<String> = lines.into_iter().collect();
        assert_eq!(distinct.len(), number, "a row stands twice: {sql}");
        distinct
    }

    /// Comments that a webhook brought: id, medium, text.
    pub(crate) async fn comments(&self) -> Vec<(String, Option<String>, Option<String>)> {
        let sql = "SELECT id, media_id, text FROM instagram.media_comment WHERE raw_event_id IS NOT NULL";
        sqlx::query_as(sql).fetch_all(&self.pool()).await.unwrap()
    }

    pub(crate) async fn webhook_figures(&self) -> BTreeSet<String> {
        self.lines(
            "SELECT concat_ws(' ', media_id, metric, coalesce(value::text, '-'), coalesce(absence::text, '-'))
             FROM instagram.media_insight WHERE source = 'webhook'",
        )
        .await
    }

    /// The reads that deliveries and answers made wanted.
    pub(crate) async fn tasks(&self) -> BTreeSet<String> {
        self.lines(
            "SELECT DISTINCT concat_ws(' ', kind, target_id, account_id) FROM pipeline.enrichment_task",
        )
        .await
    }

    /// How many reads there are, each page and each variant for itself.
    pub(crate) async fn reads(&self) -> u64 {
        let reads: i64 = sqlx::query_scalar("SELECT count(*) FROM pipeline.enrichment_task")
            .fetch_one(&self.pool())
            .await
            .unwrap();
        u64::try_from(reads).unwrap()
    }

    /// The reads that answers made wanted.
    pub(crate) async fn breakdowns(&self) -> BTreeSet<String> {
        self.lines(
            "SELECT concat_ws(' ', target_id, account_id, variant) FROM pipeline.enrichment_task
             WHERE kind = 'media_breakdown'",
        )
        .await
    }

    /// What Meta splits by a breakdown, of each medium whose figures were answered.
    pub(crate) async fn splittable(&self) -> BTreeSet<String> {
        self.lines(
            "SELECT concat_ws(' ', m.id, m.user_id, split.metric)
             FROM instagram.media AS m
             JOIN (VALUES ('FEED', 'profile_activity'), ('STORY', 'profile_activity'), ('STORY', 'navigation'))
                AS split (product, metric) ON split.product = m.media_product_type
             WHERE EXISTS (
                SELECT 1 FROM instagram.media_insight AS i
                WHERE i.media_id = m.id AND i.metric = 'views' AND i.source = 'poll' AND i.value IS NOT NULL)",
        )
        .await
    }

    /// How many changes each worker landed.
    pub(crate) async fn shares(&self) -> BTreeMap<String, i64> {
        let sql = "SELECT worker, sum(number)::bigint FROM public.landed_by GROUP BY worker";
        let shares: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(&self.pool()).await.unwrap();
        shares.into_iter().collect()
    }

    /// What nobody may ever find anywhere, as it is and as a column of bytes would show it.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.simulator.secrets();
        secrets.push(TOKEN_KEY.to_owned());
        assert!(secrets.len() > 2);
        let as_bytes: Vec<String> = secrets.iter().map(const_hex::encode).collect();
        secrets.extend(as_bytes);
        secrets
    }

    /// Every table and every topic, as text, with its name.
    pub(crate) async fn everything_written(&self) -> Vec<(String, String)> {
        let sql = "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
                   WHERE table_schema IN ('pipeline', 'instagram', 'toba_cek_insta') AND table_type = 'BASE TABLE'";
        let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&self.pool()).await.unwrap();
        let mut places = Vec::new();
        for table in tables {
            let rows = sqlx::AssertSqlSafe(format!(
                "SELECT coalesce(string_agg(row_to_json(r)::text, E'\\n'), '') FROM {table} AS r"
            ));
            places.push((table, sqlx::query_scalar(rows).fetch_one(&self.pool()).await.unwrap()));
        }
        let (brokers, topics) = (self.servers.kafka_brokers().to_owned(), self.topics.clone());
        let read = tokio::task::spawn_blocking(move || {
            topics
                .iter()
                .map(|(_, topic)| (topic.to_owned(), whole_topic(&brokers, topic)))
                .collect::<Vec<_>>()
        });
        places.extend(read.await.unwrap());
        places
    }
}

/// All values and headers of a topic, as text.
fn whole_topic(brokers: &str, topic: &str) -> String {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "e2e-reader").create().unwrap();
    let mut wanted = TopicPartitionList::new();
    let mut left = 0;
    for partition in 0..PARTITIONS {
        let (low, high) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(10)).unwrap();
        wanted.add_partition_offset(topic, partition, Offset::Offset(low)).unwrap();
        left += high - low;
    }
    consumer.assign(&wanted).unwrap();
    let mut text = String::new();
    while left > 0 {
        let message = consumer.poll(Duration::from_secs(10)).expect("the records are there").unwrap();
        text.push_str(&String::from_utf8_lossy(message.payload().unwrap_or_default()));
        for header in message.headers().iter().flat_map(|headers| headers.iter()) {
            text.push_str(&String::from_utf8_lossy(header.value.unwrap_or_default()));
        }
        text.push('\n');
        left -= 1;
    }
    text
}
