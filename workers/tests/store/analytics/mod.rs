//! Every table of analytics says what a plain reading of the raw rows says, however these came in.

mod faults;
mod held;
mod maker;
mod raw;
mod rebuild;
mod reference;
mod run;
mod stage;
mod views;
mod world;

use std::collections::BTreeMap;

use cekbrand_schema::Clock;
use cekbrand_workers::analyse::rebuild::{Range, Rebuilt};
use cekbrand_workers::analyse::tables::{TABLES, Table};
use jiff::ToSpan;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::AssertSqlSafe;

use self::held::{HELD, rows, versions};
use self::raw::Raw;
use self::reference::Account;
use self::run::Run;
use self::stage::{Ground, Stage};
use self::world::{World, cut};

/// Worlds that share a database. Those of before stand beside the present one and must not matter to it.
const WORLDS_ON_A_GROUND: u64 = 50;

/// Where a table and the reference differ: the first row that is wrong, and the first that is missing.
async fn differences(stage: &Stage) -> Vec<String> {
    let raw = Raw::read(&stage.pool, &stage.accounts).await;
    let (mut found, none) = (Vec::new(), Vec::new());
    for account in &stage.accounts {
        let expected = reference::tables(&Account::new(&raw, account, stage.clock.now()));
        let rows = rows(&stage.pool, account).await;
        for held in HELD {
            let (is, should) =
                (rows.get(held.table).unwrap_or(&none), expected.get(held.table).unwrap_or(&none));
            if is != should {
                let wrong = is.iter().find(|row| !should.contains(row));
                let missing = should.iter().find(|row| !is.contains(row));
                let (table, columns) = (held.table, held.columns.join("|"));
                found.push(format!(
                    "{table} of {account} ({columns}): held {wrong:?}, by the raw rows {missing:?}"
                ));
            }
        }
    }
    found
}

/// Marks every day of every account and computes with these tables. Says whether the database took the rows.
async fn compute_all(stage: &Stage, tables: &'static [Table]) -> bool {
    for (account, today) in stage.accounts.iter().zip(stage.todays().await) {
        let days = today.saturating_sub(100.days()).series(1.day()).take_while(|day| *day <= today);
        stage.mark(account, &days.collect::<Vec<_>>()).await;
    }
    loop {
        match stage.analyser().of(tables).tick().await {
            Ok(0) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// As it happens, day by day, computed now and then, some days also again.
async fn live(ground: &Ground, world: &World, seed: u64) -> Stage {
    let mut stage = Stage::on(ground, world).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut midnights = BTreeMap::new();
    stage.pass_midnights(&mut midnights).await;
    for batch in cut(&world.writes, &mut random) {
        stage.clock.set(batch.last().unwrap().at.max(stage.clock.now()));
        stage.write(batch).await;
        stage.pass_midnights(&mut midnights).await;
        if random.random_bool(0.3) {
            let (account, range) = rebuild::some_days(&stage, &mut random).await;
            tokio::join!(stage.rebuild(&account, range), stage.tick());
        } else {
            stage.tick().await;
        }
    }
    stage.clock.set(world::end());
    stage.pass_midnights(&mut midnights).await;
    stage.settle().await;
    stage
}

/// All afterwards, in any order, some writes twice, computed now and then.
async fn late(ground: &Ground, world: &World, seed: u64) -> Stage {
    let mut stage = Stage::on(ground, world).await;
    let mut random = StdRng::seed_from_u64(seed);
    stage.clock.set(world::end());
    for batch in cut(&world::shuffled(&world.writes, seed), &mut random) {
        stage.write(batch).await;
        stage.tick().await;
    }
    for (account, today) in stage.accounts.iter().zip(stage.todays().await) {
        stage.mark(account, &[today]).await;
    }
    stage.settle().await;
    stage
}

/// What is wrong in the world of a seed.
async fn faults_of(seed: u64, grounds: &[Ground; 2]) -> Vec<String> {
    let world = World::new(seed, &(100_000 + seed).to_string());
    let (live, late) = tokio::join!(live(&grounds[0], &world, seed), late(&grounds[1], &world, seed));
    let mut found = Vec::new();
    for (when, stage) in [("as it happens", &live), ("afterwards", &late)] {
        found.extend(differences(stage).await.into_iter().map(|difference| format!("{when}: {difference}")));
    }
    // Once more: all days computed again, or marked. No row is written.
    let before = (versions(&live.pool, &live.accounts).await, versions(&late.pool, &late.accounts).await);
    for account in &live.accounts {
        let Rebuilt { scored, written, .. } = live.rebuild(account, Range::default()).await;
        if (scored, written) != (0, 0) {
            found.push(format!(
                "computed again, {account} has {scored} comments scored, {written} rows written"
            ));
        }
    }
    if !compute_all(&late, TABLES).await {
        found.push("computed again, it is refused".to_owned());
    }
    let after = (versions(&live.pool, &live.accounts).await, versions(&late.pool, &late.accounts).await);
    if before != after {
        found.push(format!("computed again, rows are written: {before:?}, {after:?}"));
    }
    // Now and then from nothing.
    if seed.is_multiple_of(8) {
        rebuild::forget(&live).await;
        for account in &live.accounts {
            live.rebuild(account, Range::default()).await;
        }
        let differs = differences(&live).await;
        found.extend(differs.into_iter().map(|difference| format!("from the raw rows alone: {difference}")));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_say_what_the_raw_rows_say_whatever_the_order() {
    let mut run = Run::of_environment();
    let (mut grounds, mut used) = ([Ground::new().await, Ground::new().await], 0);
    while let Some(seed) = run.seed() {
        if used == WORLDS_ON_A_GROUND {
            (grounds, used) = ([Ground::new().await, Ground::new().await], 0);
        }
        let found = Box::pin(faults_of(seed, &grounds)).await;
        run.looked_at(seed, &found);
        used += 1;
        if matches!(used, 1 | 10) {
            for ground in &grounds {
                ground.analyze().await;
            }
        }
    }
    run.end();
}

/// Every table has rows in a world, so that a comparison compares something; every column is filled by
/// something.
#[tokio::test(flavor = "multi_thread")]
async fn a_world_fills_every_table_and_column() {
    let world = World::new(0, "178");
    let rows_written: usize = world.writes.iter().map(|write| write.rows.len()).sum();
    assert!(rows_written > 2000, "{rows_written}");
    let stage = late(&Ground::new().await, &world, 0).await;
    for held in HELD {
        let mut rows_held = 0;
        for account in &world.accounts {
            rows_held += rows(&stage.pool, account).await.get(held.table).map_or(0, Vec::len);
        }
        assert!(rows_held > 0, "{} is empty", held.table);
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
