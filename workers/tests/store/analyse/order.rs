//! Whatever the order of arrival, and however often it is computed.

use std::collections::{HashMap, HashSet};

use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::brand::{Brand, at};

/// Something that is written once, at an instant.
#[derive(Debug, Clone)]
enum Write {
    Medium { media: u8, published: Timestamp, hashtags: &'static str },
    Deleted { media: u8 },
    Counts { media: u8, likes: Option<i64>, comments: i64 },
    Figure { media: u8, metric: &'static str, value: Option<i64> },
    Followers(i64),
}

const START: &str = "2026-03-01T00:00";

const HOURS: i64 = 24 * 75;

fn writes() -> impl Strategy<Value = Vec<(Timestamp, Write)>> {
    let hour = 0..HOURS;
    let instant = hour.prop_map(|hour| at(START) + hour.hours());
    let value = || prop_oneof![3 => (0i64..50).prop_map(Some), 1 => Just(None)];
    let hashtags = prop_oneof![Just(""), Just("#kopi"), Just("#kopi #batik"), Just("#batik #senja")];
    let metric = prop_oneof![Just("reach"), Just("saved"), Just("views"), Just("impressions")];
    let media = || 0u8..4;
    let write = prop_oneof![
        4 => (media(), 0..HOURS / 2, hashtags).prop_map(|(media, hour, hashtags)| {
            Write::Medium { media, published: at(START) + hour.hours(), hashtags }
        }),
        1 => media().prop_map(|media| Write::Deleted { media }),
        8 => (media(), value(), 0i64..9).prop_map(|(media, likes, comments)| Write::Counts { media, likes, comments }),
        8 => (media(), metric, value()).prop_map(|(media, metric, value)| Write::Figure { media, metric, value }),
        2 => (0i64..9).prop_map(Write::Followers),
    ];
    prop::collection::vec((instant, write), 10..50).prop_map(once_each)
}

/// Keeps the first write of each key, since raw rows merge by rules of their own, and nothing that is older
/// than its medium.
fn once_each(writes: Vec<(Timestamp, Write)>) -> Vec<(Timestamp, Write)> {
    let mut known = HashSet::new();
    let mut born = HashMap::new();
    for (_, write) in &writes {
        if let Write::Medium { media, published, .. } = write {
            born.entry(*media).or_insert(*published);
        }
    }
    let is_possible = |(instant, write): &(Timestamp, Write)| match write {
        Write::Followers(_) => true,
        Write::Medium { media, .. }
        | Write::Deleted { media }
        | Write::Counts { media, .. }
        | Write::Figure { media, .. } => born.get(media).is_none_or(|born| born <= instant),
    };
    let key = |(instant, write): &(Timestamp, Write)| {
        // Days of Jakarta and of UTC.
        let day = |offset: i64| (instant.as_second() + offset * 3600) / 86400;
        match write {
            Write::Medium { media, .. } => format!("medium {media}"),
            Write::Deleted { media } => format!("deleted {media}"),
            Write::Counts { media, .. } => format!("counts {media} {}", day(7)),
            Write::Figure { media, metric, .. } => format!("figure {media} {metric} {}", day(0)),
            Write::Followers(_) => format!("followers {}", day(7)),
        }
    };
    writes.into_iter().filter(|write| known.insert(key(write)) && is_possible(write)).collect()
}

async fn apply(brand: &Brand, instant: Timestamp, write: &Write) {
    let name = |media: &u8| format!("1790{media}");
    match write {
        Write::Medium { media, published, hashtags } => {
            brand.medium(&name(media), *published, hashtags, instant).await;
        }
        Write::Deleted { media } => brand.deleted(&name(media), instant).await,
        Write::Counts { media, likes, comments } => {
            brand.counts(&name(media), *likes, *comments, instant).await;
        }
        Write::Figure { media, metric, value } => brand.figure(&name(media), metric, *value, instant).await,
        Write::Followers(followers) => brand.followers(*followers, instant).await,
    }
}

/// Marks the midnights that have passed, as the scheduler does; returns the next one.
async fn pass_midnights(brand: &Brand, mut next: Timestamp, now: Timestamp) -> Timestamp {
    while next <= now {
        brand.mark(next).await;
        next += 24.hours();
    }
    next
}

/// Ends the story at the same instant for everybody.
async fn end(brand: &Brand) {
    let end = at(START) + (HOURS + 24).hours();
    brand.clock.set(end);
    brand.mark(end).await;
    brand.settle().await;
}

#[test]
fn analytics_do_not_depend_on_the_order_of_arrival() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() });
    let shuffled = writes().prop_flat_map(|writes| {
        let ticks = prop::collection::vec(any::<bool>(), writes.len());
        (Just(writes.clone()), Just(writes).prop_shuffle(), ticks)
    });
    let outcome = runner.run(&shuffled, |(mut writes, shuffled, ticks)| {
        writes.sort_by_key(|(instant, _)| *instant);
        let (live, late) = runtime.block_on(async {
            // As it happens, day by day, computed now and then.
            let live = Brand::at(START).await;
            let mut midnight = at(START);
            for ((instant, write), tick) in writes.iter().zip(&ticks) {
                live.clock.set(*instant);
                apply(&live, *instant, write).await;
                if *tick {
                    midnight = pass_midnights(&live, midnight, *instant).await;
                    live.analyser().tick().await.unwrap();
                }
            }
            pass_midnights(&live, midnight, at(START) + (HOURS + 24).hours()).await;
            end(&live).await;
            // All afterwards, in any order.
            let late = Brand::at(START).await;
            late.clock.set(at(START) + HOURS.hours());
            for ((instant, write), tick) in shuffled.iter().zip(&ticks) {
                apply(&late, *instant, write).await;
                if *tick {
                    late.analyser().tick().await.unwrap();
                }
            }
            end(&late).await;
            (live.rows().await, late.rows().await)
        });
        for (table, rows) in live.as_object().unwrap() {
            let (rows, others) = (rows.as_array(), late[table].as_array());
            let (rows, others) = (rows.map_or(&[][..], Vec::as_slice), others.map_or(&[][..], Vec::as_slice));
            prop_assert_eq!(
                rows.iter().find(|row| !others.contains(row)),
                None,
                "{} only as it happened",
                table
            );
            prop_assert_eq!(others.iter().find(|row| !rows.contains(row)), None, "{} only afterwards", table);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn computing_twice_changes_no_row() {
    let brand = Brand::at("2026-06-30T12:00").await;
    for (media, day) in
        (1i8..).zip(["2026-05-20T09:00", "2026-06-10T09:00", "2026-06-28T23:30", "2026-06-29T09:00"])
    {
        let (name, published) = (media.to_string(), at(day));
        brand.medium(&name, published, "#kopi #batik #senja", published).await;
        for hours in [1i32, 5, 26, 50, 300] {
            let (likes, hours) = (i64::from(media) + i64::from(hours), hours.hours());
            brand.counts(&name, Some(likes).filter(|_| media != 2), likes / 3, published + hours).await;
            brand.figure(&name, "reach", Some(likes * 9).filter(|_| media != 1), published + hours).await;
            brand.figure(&name, "saved", Some(3), published + hours).await;
            brand.followers(likes, published + hours).await;
        }
    }
    brand.settle().await;
    let before = brand.versions().await;
    assert!(before.as_array().unwrap().len() > 150, "{before}");

    for day in 0..60 {
        brand.mark(at("2026-05-10T12:00") + (day * 24).hours()).await;
    }
    brand.settle().await;
    assert_eq!(brand.versions().await, before);
}
