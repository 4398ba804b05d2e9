//! What happens in a random world to one account: readings, media, comments.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::raw::local;
use super::world::{Concern, HOURS, Write, start};

/// The zone of an account over time.
pub(super) struct Clocks {
    first: TimeZone,
    then: TimeZone,
    change: Timestamp,
    name_then: &'static str,
}

impl Clocks {
    pub(super) fn new(first: &str, then: &'static str, change: Timestamp) -> Self {
        let [first, zone_then] = [first, then].map(|name| TimeZone::get(name).unwrap());
        Self { first, then: zone_then, change, name_then: then }
    }

    fn day(&self, at: Timestamp) -> Date {
        local(at, if at < self.change { &self.first } else { &self.then })
    }
}

/// Makes what happens.
pub(super) struct Maker {
    pub(super) random: StdRng,
    pub(super) writes: Vec<Write>,
}

impl Maker {
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *from.choose(&mut self.random).unwrap()
    }

    pub(super) fn instant(&mut self) -> Timestamp {
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
        self.writes.push(Write { at, table, key, rows: vec![row], by_time, concern, days });
    }

    pub(super) fn account(&mut self, account: &str, clocks: &Clocks) {
        let of_account = || Concern::Account(account.to_owned());
        let change = json!({"id": account, "timezone": clocks.name_then});
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
                "media_count": self.random.random_range(0..9), "absence": absence,
                "updated_timestamp": at.to_string(),
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
                for _ in 0..self.random.random_range(0..3) {
                    self.online(account, clocks, end);
                }
            }
        }
    }

    /// One reading of the hours of a day, most of them.
    fn online(&mut self, account: &str, clocks: &Clocks, end: Timestamp) {
        let at = end + self.random.random_range(0..48).hours();
        let mut rows = Vec::new();
        for hour in 0..24 {
            if self.random.random_bool(0.9) {
                rows.push(self.figure_of(account, end, at, json!({"hour": hour})));
            }
        }
        let (table, key) = ("instagram.user_insight_online_follower", "user_id, hour, end_time");
        let concern = Concern::Account(account.to_owned());
        self.writes.push(Write { at, table, key, rows, by_time: true, concern, days: vec![clocks.day(end)] });
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
        let row = self.figure_of(account, end, at, row);
        self.put(at, table, key, row, Concern::Account(account.to_owned()), vec![clocks.day(end)]);
    }

    fn figure_of(&mut self, account: &str, end: Timestamp, at: Timestamp, mut row: Value) -> Value {
        let value = self.figure();
        row["user_id"] = json!(account);
        row["end_time"] = json!(end.to_string());
        row["value"] = json!(value);
        row["absence"] = json!(value.is_none().then(|| self.pick(&["no_data", "not_yet", "permission"])));
        row["source"] = json!("poll");
        row["observed_at"] = json!(at.to_string());
        row["updated_timestamp"] = json!(at.to_string());
        row
    }

    fn medium(&mut self, account: &str, clocks: &Clocks, id: &str, kind: u8, first: &str) {
        let published = self.instant();
        let seen = self.instant_after(published);
        let hashtags = self.pick(&["", "kopi", "kopi batik", "batik senja"]);
        let mut row = json!({
            "id": id, "timestamp": published.to_string(), "media_hastag": hashtags,
            "first_seen_at": published.to_string(),
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
            "media_id": id, "datestamp": clocks.day(at).to_string(), "like_count": likes,
            "comments_count": comments,
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
            "absence": value.is_none().then(|| self.pick(&["not_enough_viewers", "no_data"])),
            "source": "poll",
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
                "id": id, "first_seen_at": seen.to_string(), "updated_timestamp": at.to_string(),
                "source": "webhook",
                "deleted_at": at.to_string(),
            });
            self.put(at, "instagram.media_comment", "id", gone, Concern::Comment, Vec::new());
        }
    }
}
