//! Turns examples into sparse rows: the features of the crate itself, so that training and scoring cannot
//! differ.

use cekbrand_sentiment::Label;
use cekbrand_sentiment::features::dense::DENSE;
use cekbrand_sentiment::features::{self, GROUPS, Group, Sink};
use cekbrand_sentiment::lexicon::Lexicon;
use cekbrand_sentiment::model::group_scale;
use cekbrand_sentiment::normalise::Normalised;

use crate::data::Example;

/// One example as numbers.
#[derive(Debug, Clone)]
pub(crate) struct Vector {
    pub(crate) label: Label,
    pub(crate) weight: f32,
    pub(crate) words: usize,
    /// Rows of the hashed table, each once, with their scaled counts.
    pub(crate) hashed: Vec<(u32, f32)>,
    pub(crate) dense: [f32; DENSE],
}

impl Vector {
    /// The same without the rows that are not wanted.
    pub(crate) fn only(&self, wanted: &[bool]) -> Self {
        let hashed = self.hashed.iter().copied().filter(|(row, _)| wanted[*row as usize]).collect();
        Self { hashed, ..self.clone() }
    }
}

struct Collect {
    shift: u32,
    rows: [Vec<u32>; GROUPS],
}

impl Sink for Collect {
    fn add(&mut self, group: Group, hash: u64, _: usize) {
        self.rows[group as usize].push(u32::try_from(hash >> self.shift).unwrap_or(0));
    }
}

/// Reads the features of each example.
pub(crate) fn vectors(examples: &[Example], lexicon: &Lexicon, bits: u32) -> Vec<Vector> {
    let mut comment = Normalised::default();
    examples
        .iter()
        .map(|example| {
            comment.read(&example.text, lexicon);
            let mut rows = Collect { shift: 64 - bits, rows: Default::default() };
            let dense = features::extract(&comment, lexicon, &mut rows);
            let mut hashed = Vec::new();
            for (group, rows) in Group::ALL.into_iter().zip(&rows.rows) {
                let scale = group_scale(group, u32::try_from(rows.len()).unwrap_or(u32::MAX));
                hashed.extend(rows.iter().map(|row| (*row, scale)));
            }
            let (label, hashed) = (example.label, merge(hashed));
            Vector { label, weight: 1.0, words: dense.words, hashed, dense: dense.values }
        })
        .collect()
}

fn merge(mut rows: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    rows.sort_by_key(|(row, _)| *row);
    let mut merged: Vec<(u32, f32)> = Vec::with_capacity(rows.len());
    for (row, value) in rows {
        match merged.last_mut() {
            Some((last, sum)) if *last == row => *sum += value,
            _ => merged.push((row, value)),
        }
    }
    merged
}
