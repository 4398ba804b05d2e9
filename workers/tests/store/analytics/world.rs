//! Random worlds: what happens to two accounts in ten weeks, as writes of raw rows that can come in any
//! order.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::raw::local;

/// Hours that a world lasts.
pub(crate) const HOURS: i64 = 24 * 70;
const START: &str = "2026-02-10T00:00:00Z";

/// Zones on both sides of the date line, with halves of hours, and with clocks that change in the time of a
/// world.
const ZONES: [&str; 8] = [
    "Asia/Jakarta",
    "UTC",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
    "Pacific/Honolulu",
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/New_York",
];

/// Whose days a write makes dirty.
#[derive(Debug, Clone)]
pub(crate) enum Concern {
    Account(String),
    /// The medium's owner, if it is known when the write comes.
    OwnerOf(String),
    /// Nobody's by itself: scoring marks the days of comments.
    Comment,
}

/// A write of some columns of a row.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) at: Timestamp,
    pub(crate) table: &'static str,
    pub(crate) key: &'static str,
    pub(crate) row: Value,
    /// Whether a row observed later stays.
    pub(crate) by_time: bool,
    pub(crate) concern: Concern,
    pub(crate) days: Vec<Date>,
}

/// The instant at which every world starts.
pub(crate) fn start() -> Timestamp {
    START.parse().unwrap()
}

/// What happens, in order, and to whom.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) accounts: Vec<String>,
    /// The zone of each account at its start.
    pub(crate) zones: Vec<&'static str>,
    pub(crate) writes: Vec<Write>,
}

impl World {
    /// The world of a seed. Ids begin with the prefix, so that worlds can share a database.
    pub(crate) fn new(seed: u64, prefix: &str) -> Self {
        let mut maker = Maker { random: StdRng::seed_from_u64(seed), writes: Vec::new() };
        let accounts: Vec<String> = (1..=2).map(|number| format!("{prefix}00{number}")).collect();
        let mut zones = Vec::new();
        for account in &accounts {
            let clocks =
                Clocks { first: maker.pick(&ZONES), then: maker.pick(&ZONES), change: maker.instant() };
            zones.push(clocks.first);
            maker.account(account, &clocks);
        }
        let mut writes = maker.writes;
        writes.sort_by_key(|write| write.at);
        Self { accounts, zones, writes }
    }
}

/// The zone of an account over time.
struct Clocks {
    first: &'static str,
    then: &'static str,
    change: Timestamp,
}

impl Clocks {
    fn day(&self, at: Timestamp) -> Date {
        let name = if at < self.change { self.first } else { self.then };
        local(at, &TimeZone::get(name).unwrap())
    }
}

struct Maker {
    random: StdRng,
    writes: Vec<Write>,
}

impl Maker {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *from.choose(&mut self.random).unwrap()
    }

    fn instant(&mut self) -> Timestamp {
        self.instant_after(start())
    }

    fn instant_after(&mut self, after: Timestamp) -> Timestamp {
        let end = start() + HOURS.hours();
        let seconds = end.as_second() - after.as_second();
        after + self.random.random_range(0..seconds.max(1)).seconds()
    }

    /// A figure, mostly known; sometimes 0.
    fn figure(&mut self) -> Option<i64> {
        let known = self.random.random_bool(0.8);
        known.then(|| if self.random.random_bool(0.1) { 0 } else { self.random.random_range(0..40) })
    }

    fn put(
        &mut self,
        at: Timestamp,
        table: &'static str,
        key: &'static str,
        row: Value,
        concern: Concern,
        days: Vec<Date>,
    ) {
        let by_time = row.get("updated_timestamp").is_some() && table != "instagram.media_comment";
        self.writes.push(Write { at, table, key, row, by_time, concern, days });
    }

    fn account(&mut self, account: &str, clocks: &Clocks) {
        let of_account = || Concern::Account(account.to_owned());
        let change = json!({"id": account, "timezone": clocks.then});
        self.put(
            clocks.change,
            r#"instagram."user""#,
            "id",
            change,
            of_account(),
            vec![clocks.day(clocks.change)],
        );
        self.snapshots(account, clocks);
        self.insights(account, clocks);
        let mut media = BTreeMap::new();
        for number in 0..15 {
            // Ids of different lengths, whose order as numbers is not that of their letters.
            let id = format!("{account}{}", self.pick(&[7, 50, 300]) + number);
            media.entry(id).or_insert_with(|| self.random.random_range(0..10));
        }
        let ids: Vec<String> = media.keys().cloned().collect();
        for (id, kind) in media {
            self.medium(account, clocks, &id, kind, &ids[0]);
        }
        for number in 0..110 {
            self.comment(account, number, &ids);
        }
    }

    fn snapshots(&mut self, account: &str, clocks: &Clocks) {
        for _ in 0..60 {
            let at = self.instant();
            let followers = self.figure();
            let absence = followers
                .is_none()
                .then(|| json!({"followers_count": self.pick(&["no_data", "permission"])}));
            let row = json!({
                "user_id": account, "datestamp": clocks.day(at).to_string(), "followers_count": followers,
                "media_count": self.random.random_range(0..9), "absence": absence, "updated_timestamp": at.to_string(),
            });
            let days = vec![clocks.day(at)];
            self.put(
                at,
                "instagram.user_data",
                "user_id, datestamp",
                row,
                Concern::Account(account.to_owned()),
                days,
            );
        }
    }

    /// Daily figures of Meta's days, read up to two days later, some of them twice.
    fn insights(&mut self, account: &str, clocks: &Clocks) {
        let angeles = TimeZone::get("America/Los_Angeles").unwrap();
        let metric_changes = self.instant();
        for day in local(start(), &angeles).series(1.day()).take(69) {
            let end = day.tomorrow().unwrap().to_zoned(angeles.clone()).unwrap().timestamp();
            for _ in 0..self.random.random_range(0..3) {
                let at = end + self.random.random_range(0..48).hours();
                let metric = if end < metric_changes { "impressions" } else { "views" };
                self.insight(
                    account,
                    clocks,
                    end,
                    at,
                    "instagram.user_insight_impressions",
                    "user_id, metric, period, end_time",
                    json!({"metric": metric, "period": "day"}),
                );
                for period in ["week", "days_28"] {
                    // Where Meta gives no end, the end of what was asked for may lie within the day.
                    let end = end + self.pick(&[0, 0, 9]).hours();
                    self.insight(
                        account,
                        clocks,
                        end,
                        at,
                        "instagram.user_insight_reach",
                        "user_id, period, end_time",
                        json!({"period": period}),
                    );
                }
            }
            if end > start() + (HOURS - 35 * 24).hours() {
                for hour in 0..24 {
                    if self.random.random_bool(0.9) {
                        let at = end + self.random.random_range(0..48).hours();
                        self.insight(
                            account,
                            clocks,
                            end,
                            at,
                            "instagram.user_insight_online_follower",
                            "user_id, hour, end_time",
                            json!({"hour": hour}),
                        );
                    }
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of one row")]
    fn insight(
        &mut self,
        account: &str,
        clocks: &Clocks,
        end: Timestamp,
        at: Timestamp,
        table: &'static str,
        key: &'static str,
        row: Value,
    ) {
        let value = self.figure();
        let mut row = row;
        row["user_id"] = json!(account);
        row["end_time"] = json!(end.to_string());
        row["value"] = json!(value);
        row["absence"] = json!(value.is_none().then(|| self.pick(&["no_data", "not_yet", "permission"])));
        row["source"] = json!("poll");
        row["observed_at"] = json!(at.to_string());
        row["updated_timestamp"] = json!(at.to_string());
        self.put(at, table, key, row, Concern::Account(account.to_owned()), vec![clocks.day(end)]);
    }

    fn medium(&mut self, account: &str, clocks: &Clocks, id: &str, kind: u8, first: &str) {
        let published = self.instant();
        let seen = self.instant_after(published);
        let hashtags = self.pick(&["", "kopi", "kopi batik", "batik senja"]);
        let mut row = json!({
            "id": id, "timestamp": published.to_string(), "media_hastag": hashtags, "first_seen_at": published.to_string(),
        });
        match kind {
            _ if id == first => row["user_id"] = json!(account),
            // An ad's copy, an album's child, somebody else's, and one whose owner is learnt later.
            0 => row["original_media_id"] = json!(first),
            1 => (row["parent_id"], row["user_id"]) = (json!(first), json!(account)),
            2 => {}
            3 => {
                let owned = json!({"id": id, "first_seen_at": published.to_string(), "user_id": account});
                let learnt = self.instant_after(seen);
                let days = vec![clocks.day(learnt)];
                self.put(learnt, "instagram.media", "id", owned, Concern::OwnerOf(id.to_owned()), days);
            }
            _ => row["user_id"] = json!(account),
        }
        self.put(seen, "instagram.media", "id", row, Concern::OwnerOf(id.to_owned()), vec![clocks.day(seen)]);
        if self.random.random_bool(0.25) {
            let at = self.instant_after(published);
            let gone =
                json!({"id": id, "first_seen_at": published.to_string(), "deleted_at": at.to_string()});
            self.put(
                at,
                "instagram.media",
                "id",
                gone,
                Concern::OwnerOf(id.to_owned()),
                vec![clocks.day(at)],
            );
        }
        for _ in 0..12 {
            self.reading(clocks, id, published);
        }
    }

    fn reading(&mut self, clocks: &Clocks, id: &str, published: Timestamp) {
        let at = self.instant_after(published);
        let (likes, comments) = (self.figure(), self.figure());
        let mut absence = serde_json::Map::new();
        for (column, figure, reason) in
            [("like_count", likes, "hidden"), ("comments_count", comments, "no_data")]
        {
            if figure.is_none() {
                absence.insert(column.to_owned(), json!(reason));
            }
        }
        let row = json!({
            "media_id": id, "datestamp": clocks.day(at).to_string(), "like_count": likes, "comments_count": comments,
            "absence": (!absence.is_empty()).then_some(absence), "updated_timestamp": at.to_string(),
        });
        let (concern, day) = (|| Concern::OwnerOf(id.to_owned()), clocks.day(at));
        self.put(at, "instagram.media_like_comment", "media_id, datestamp", row, concern(), vec![day]);
        let (metric, value) = (self.pick(&["reach", "saved", "views", "impressions"]), self.figure());
        // Figures of media are filed under the UTC day.
        let filed = local(at, &TimeZone::UTC);
        let row = json!({
            "id": format!("{id}/{metric}//{filed}"), "media_id": id, "metric": metric, "breakdown": "",
            "datestamp": filed.to_string(), "value": value,
            "absence": value.is_none().then(|| self.pick(&["not_enough_viewers", "no_data"])), "source": "poll",
            "observed_at": at.to_string(), "updated_timestamp": at.to_string(),
        });
        self.put(at, "instagram.media_insight", "id", row, concern(), vec![day]);
    }

    fn comment(&mut self, account: &str, number: usize, media: &[String]) {
        let id = format!("c{account}{number}");
        let medium = media.choose(&mut self.random).unwrap().clone();
        let seen = self.instant();
        let text = self.pick(&["bagus banget, suka!", "kecewa berat, barang rusak", "berapa harganya kak?"]);
        let author = if self.random.random_bool(0.1) { account } else { "7421" };
        let mut row = json!({
            "id": id, "media_id": medium, "text": text, "text_at": seen.to_string(), "from_id": author,
            "first_seen_at": seen.to_string(), "updated_timestamp": seen.to_string(), "source": "webhook",
        });
        if self.random.random_bool(0.2) {
            row["timestamp"] = json!((seen - self.random.random_range(0..90).hours()).to_string());
        }
        self.put(seen, "instagram.media_comment", "id", row, Concern::Comment, Vec::new());
        if self.random.random_bool(0.2) {
            let at = self.instant_after(seen);
            let gone = json!({
                "id": id, "first_seen_at": seen.to_string(), "updated_timestamp": at.to_string(), "source": "webhook",
                "deleted_at": at.to_string(),
            });
            self.put(at, "instagram.media_comment", "id", gone, Concern::Comment, Vec::new());
        }
    }
}

/// The same writes in any order, some of them twice.
pub(crate) fn shuffled(writes: &[Write], seed: u64) -> Vec<Write> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut shuffled = writes.to_vec();
    shuffled.extend(writes.iter().filter(|_| random.random_bool(0.1)).cloned());
    shuffled.shuffle(&mut random);
    shuffled
}
