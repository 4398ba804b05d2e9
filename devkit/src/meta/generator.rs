//! A seeded stream of deliveries about a world: the same seed over an equal world gives the same bytes.
//!
//! Changes differ from each other unless they are meant as repetitions, so the totals are exact.

use std::sync::Arc;

use super::change::Change;
use super::delivery::{Delivery, MOST_CHANGES, Packing};
use super::expectation::Expectation;
use super::inventor::Inventor;
use crate::seeded::Seeded;
use crate::world::World;

/// How many past deliveries and changes are kept to be repeated.
const KEPT: usize = 256;

/// What a generator makes.
#[derive(Debug, Clone)]
pub struct GeneratorConfig {
    /// Fixes the stream.
    pub seed: u64,
    /// Changes altogether, repetitions included; an unparsable body counts as one.
    pub changes: u64,
    /// How many of a thousand changes are repetitions.
    pub redelivered_per_mille: u64,
    /// How many of a thousand comments lack text, author or medium.
    pub lacking_per_mille: u64,
    /// The most changes in one delivery, up to 1000.
    pub largest_batch: usize,
    /// Whether rare shapes, characters and unparsable bodies turn up.
    pub odd: bool,
}

impl GeneratorConfig {
    /// The usual mix: a tenth repeated, two of a hundred comments lacking something, odd ones included.
    pub const fn new(seed: u64, changes: u64) -> Self {
        Self {
            seed,
            changes,
            redelivered_per_mille: 100,
            lacking_per_mille: 20,
            largest_batch: 100,
            odd: true,
        }
    }
}

/// Makes deliveries; an iterator that ends after the configured number of changes.
#[derive(Debug)]
pub struct Generator {
    config: GeneratorConfig,
    inventor: Inventor,
    draw: Seeded,
    made: u64,
    kept_deliveries: Vec<Delivery>,
    kept_changes: Vec<Change>,
    expectation: Expectation,
}

impl Generator {
    /// A generator of changes in this world; the comments it reports are added to the world.
    pub fn new(world: Arc<World>, config: GeneratorConfig) -> Self {
        let inventor = Inventor::new(world, config.seed, config.odd, config.lacking_per_mille);
        Self {
            draw: Seeded::of(&[config.seed, 30]),
            config,
            inventor,
            made: 0,
            kept_deliveries: Vec::new(),
            kept_changes: Vec::new(),
            expectation: Expectation::default(),
        }
    }

    /// What the deliveries made so far must become.
    pub const fn expectation(&self) -> &Expectation {
        &self.expectation
    }

    fn redelivery(&mut self, left: u64) -> Option<Delivery> {
        if !self.draw.chance(self.config.redelivered_per_mille / 2) || self.kept_deliveries.is_empty() {
            return None;
        }
        let past = &self.kept_deliveries[self.draw.index(self.kept_deliveries.len())];
        (past.units() <= left).then(|| Delivery { redelivery_of: Some(past.id), ..past.clone() })
    }

    /// A delivery of new changes, and of past ones now and then.
    fn fresh(&mut self, left: u64) -> (Delivery, Vec<bool>) {
        if self.config.odd && self.draw.chance(3) {
            return (Delivery::unparsable(0, self.inventor.unparsable()), Vec::new());
        }
        let largest = self.config.largest_batch.clamp(1, MOST_CHANGES) as u64;
        let size = match self.draw.below(10) {
            0..=5 => 1,
            6..=8 => self.draw.between(1, 10.min(largest)),
            _ => self.draw.between(1, largest),
        };
        let mut changes: Vec<(Change, bool)> = Vec::new();
        for _ in 0..size.min(left) {
            let repeat =
                self.draw.chance(self.config.redelivered_per_mille / 2) && !self.kept_changes.is_empty();
            let mut change = if repeat {
                self.kept_changes[self.draw.index(self.kept_changes.len())].clone()
            } else {
                self.inventor.change()
            };
            if !change.time_counts {
                change.time = self.time();
            }
            changes.push((change, !repeat));
        }
        // Meta batches by what it watches: neighbours of one account end up in one entry.
        changes
            .sort_by(|(a, _), (b, _)| (a.object, &a.account, &a.time).cmp(&(b.object, &b.account, &b.time)));
        let odd = self.config.odd;
        let packing =
            Packing { array: odd && self.draw.chance(10), numeric_ids: odd && self.draw.chance(10) };
        let (changes, is_new): (Vec<Change>, Vec<bool>) = changes.into_iter().unzip();
        (Delivery::of(0, changes, packing), is_new)
    }

    /// `entry.time`: seconds, and in odd streams milliseconds, text, or nothing.
    fn time(&mut self) -> String {
        let second =
            self.inventor.world.config().anchor.as_second() + i64::try_from(self.made / 50).unwrap_or(0);
        match if self.config.odd { self.draw.below(100) } else { 99 } {
            0 => String::new(),
            1 => format!("\"{second}\""),
            2 => (second * 1000 + 537).to_string(),
            _ => second.to_string(),
        }
    }

    fn keep(&mut self, delivery: &Delivery, is_new: &[bool]) {
        if self.kept_deliveries.len() < KEPT {
            self.kept_deliveries.push(delivery.clone());
        } else {
            let place = self.draw.index(KEPT);
            self.kept_deliveries[place] = delivery.clone();
        }
        for (change, _) in delivery.changes.iter().zip(is_new).filter(|(_, new)| **new).take(4) {
            if self.kept_changes.len() < KEPT {
                self.kept_changes.push(change.clone());
            } else {
                let place = self.draw.index(KEPT);
                self.kept_changes[place] = change.clone();
            }
        }
    }
}

impl Iterator for Generator {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        let left = self.config.changes.saturating_sub(self.expectation.accepted_changes);
        if left == 0 {
            return None;
        }
        let (mut delivery, is_new) = match self.redelivery(left) {
            Some(again) => (again, Vec::new()),
            None => self.fresh(left),
        };
        self.made += 1;
        delivery.id = self.made;
        if delivery.redelivery_of.is_none() {
            self.keep(&delivery, &is_new);
        }
        self.expectation.add(&delivery, |place| is_new[place]);
        Some(delivery)
    }
}
