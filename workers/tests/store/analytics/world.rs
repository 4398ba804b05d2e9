//! Random worlds: what happens to two accounts in ten weeks, as writes of raw rows that can come in any
//! order.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use super::maker::{Clocks, Maker};

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

/// A write of some columns of a row, or of the rows of one reading.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) at: Timestamp,
    pub(crate) table: &'static str,
    pub(crate) key: &'static str,
    pub(crate) rows: Vec<Value>,
    /// Whether a row observed later stays.
    pub(crate) by_time: bool,
    pub(crate) concern: Concern,
    pub(crate) days: Vec<Date>,
}

/// The instant at which every world starts.
pub(crate) fn start() -> Timestamp {
    START.parse().unwrap()
}

/// The instant at which everything is written and computed.
pub(crate) fn end() -> Timestamp {
    start() + (HOURS + 30).hours()
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
            let (first, then) = (maker.pick(&ZONES), maker.pick(&ZONES));
            let clocks = Clocks::new(first, then, maker.instant());
            zones.push(first);
            maker.account(account, &clocks);
        }
        let mut writes = maker.writes;
        writes.sort_by_key(|write| write.at);
        Self { accounts, zones, writes }
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

/// The same writes in batches, of which each is computed before the next one comes: mostly few, now and then
/// many.
pub(crate) fn cut<'a>(writes: &'a [Write], random: &mut StdRng) -> Vec<&'a [Write]> {
    let seldom = *[0.0, 0.0005, 0.0005, 0.001, 0.003].choose(random).unwrap();
    let often = if random.random_bool(0.02) { 0.02 } else { seldom };
    let (mut batches, mut first) = (Vec::new(), 0);
    for next in 1..=writes.len() {
        if next == writes.len() || random.random_bool(often) {
            batches.push(&writes[first..next]);
            first = next;
        }
    }
    batches
}
