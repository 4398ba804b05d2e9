//! Every table of analytics says what a plain reading of the raw rows says, however these came in.

mod faults;
mod maker;
mod raw;
mod rebuild;
mod reference;
mod run;
mod stage;
mod views;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use cekbrand_schema::Clock;
use cekbrand_workers::analyse::tables::{TABLES, Table};
use jiff::{Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::AssertSqlSafe;

use self::raw::{Account, Raw};
use self::run::Run;
use self::stage::{HELD, Stage};
use self::world::{HOURS, World};

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
    let mut run = Run::of_environment();
    while let Some(seed) = run.seed() {
        let world = World::new(seed, "178");
        let end = world::start() + (HOURS + 30).hours();
        let (as_it_happens, afterwards) = tokio::join!(live(&world, seed, end), late(&world, seed, end));
        for (when, stage) in [
            (format!("world {seed} as it happens"), as_it_happens),
            (format!("world {seed} afterwards"), afterwards),
        ] {
            assert_eq!(differences(&stage, &world).await, [""; 0], "{when}");
            // Once more, with every day marked: no row is written.
            let before = stage.versions().await;
            assert!(compute_all(&stage, &world, TABLES).await);
            assert_eq!(stage.versions().await, before, "{when}: computed again");
        }
        run.agreed();
    }
}

/// Every table has rows in a world, so that a comparison compares something; every column is filled by
/// something.
#[tokio::test(flavor = "multi_thread")]
async fn a_world_fills_every_table_and_column() {
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
    let columns = "
        SELECT relname::text, attname::text FROM pg_class
        JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
        WHERE relnamespace = 'toba_cek_insta'::regnamespace AND relkind = 'r'";
    let columns: Vec<(String, String)> = sqlx::query_as(columns).fetch_all(&stage.pool).await.unwrap();
    assert!(columns.len() > 150, "{}", columns.len());
    for (table, column) in columns {
        let filled = format!("SELECT count({column}) FROM toba_cek_insta.{table}");
        let filled: i64 = sqlx::query_scalar(AssertSqlSafe(filled)).fetch_one(&stage.pool).await.unwrap();
        assert!(filled > 0, "{table}.{column} is empty");
    }
}
