//! Every table of analytics says what a plain reading of the raw rows says, however these came in.

mod faults;
mod maker;
mod raw;
mod reference;
mod stage;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use cekbrand_schema::Clock;
use cekbrand_workers::analyse::tables::{TABLES, Table};
use jiff::{Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::raw::{Account, Raw};
use self::stage::{HELD, Stage};
use self::world::{HOURS, World};

/// Worlds that are tried; `CEKBRAND_TEST_WORLDS` tries more.
const WORLDS: u64 = 6;

/// Where a table and the reference differ: the first row that is wrong, and the first that is missing.
async fn differences(stage: &Stage, world: &World) -> Vec<String> {
    let raw = Raw::read(&stage.pool).await;
    let (mut found, none) = (Vec::new(), BTreeSet::new());
    for account in &world.accounts {
        let expected = reference::tables(&Account::new(&raw, account, stage.clock.now()));
        let held = stage.rows(account).await;
        for table in HELD {
            let (expected, held) = (expected.get(table).unwrap_or(&none), held.get(table).unwrap_or(&none));
            let (wrong, missing) = (held.difference(expected).next(), expected.difference(held).next());
            if wrong.is_some() || missing.is_some() {
                found.push(format!("{table} of {account}: held {wrong:?}, by the raw rows {missing:?}"));
            }
        }
    }
    found
}

/// Marks every day of every account and computes with these tables. Says whether the database took the rows.
async fn compute_all(stage: &Stage, world: &World, tables: &'static [Table]) -> bool {
    for account in &world.accounts {
        let today = stage.today(account).await;
        for day in today.saturating_sub(100.days()).series(1.day()).take_while(|day| *day <= today) {
            stage.mark(account, day).await;
        }
    }
    loop {
        match stage.analyser().of(tables).tick().await {
            Ok(0) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// As it happens, day by day, computed now and then.
async fn live(world: &World, seed: u64, end: Timestamp) -> Stage {
    let stage = Stage::new(world).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut midnights = BTreeMap::new();
    stage.pass_midnights(&mut midnights, &world.accounts).await;
    for write in &world.writes {
        stage.clock.set(write.at.max(stage.clock.now()));
        stage.write(write).await;
        if random.random_bool(0.01) {
            stage.pass_midnights(&mut midnights, &world.accounts).await;
            stage.tick().await;
        }
    }
    stage.clock.set(end);
    stage.pass_midnights(&mut midnights, &world.accounts).await;
    stage.settle().await;
    stage
}

/// All afterwards, in any order, some writes twice, computed now and then.
async fn late(world: &World, seed: u64, end: Timestamp) -> Stage {
    let stage = Stage::new(world).await;
    let mut random = StdRng::seed_from_u64(seed);
    stage.clock.set(end);
    for write in &world::shuffled(&world.writes, seed) {
        stage.write(write).await;
        if random.random_bool(0.005) {
            stage.tick().await;
        }
    }
    for account in &world.accounts {
        stage.mark(account, stage.today(account).await).await;
    }
    stage.settle().await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_say_what_the_raw_rows_say_whatever_the_order() {
    let worlds = std::env::var("CEKBRAND_TEST_WORLDS").ok().and_then(|worlds| worlds.parse().ok());
    let first =
        std::env::var("CEKBRAND_TEST_FIRST_WORLD").ok().and_then(|first| first.parse().ok()).unwrap_or(0);
    for seed in first..first + worlds.unwrap_or(WORLDS) {
        let world = World::new(seed, "178");
        let end = world::start() + (HOURS + 30).hours();
        for (when, stage) in [
            (format!("world {seed} as it happens"), live(&world, seed, end).await),
            (format!("world {seed} afterwards"), late(&world, seed, end).await),
        ] {
            assert_eq!(differences(&stage, &world).await, [""; 0], "{when}");
            // Once more, with every day marked: no row is written.
            let before = stage.versions().await;
            assert!(compute_all(&stage, &world, TABLES).await);
            assert_eq!(stage.versions().await, before, "{when}: computed again");
        }
    }
}

/// Every table has rows in a world, so that a comparison compares something.
#[tokio::test(flavor = "multi_thread")]
async fn a_world_fills_every_table() {
    let world = World::new(0, "178");
    assert!(world.writes.len() > 1000, "{}", world.writes.len());
    let stage = late(&world, 0, world::start() + (HOURS + 30).hours()).await;
    for table in HELD {
        let mut rows = 0;
        for account in &world.accounts {
            rows += stage.rows(account).await.get(table).map_or(0, BTreeSet::len);
        }
        assert!(rows > 0, "{table} is empty");
    }
}
