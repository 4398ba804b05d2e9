//! Which tokens spoke, and how much: the linear sums shared out again among the tokens.

use serde::Serialize;

use super::{COMMENT, Model, Scored, emoji_layer, group_scale};
use crate::features::{self, GROUPS, Group, Sink};
use crate::label::Label;
use crate::normalise::{Normalised, TokenKind};

/// The most tokens that an explanation names; the strongest are kept.
pub const MOST_TOKENS: usize = 64;

/// A scored comment with the tokens that made the score.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The same as `score` gives.
    pub scored: Scored,
    /// The tokens that spoke, in the order of the text; at most [`MOST_TOKENS`], the strongest.
    pub tokens: Vec<Spoken>,
}

/// What one token said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spoken {
    /// As it was typed.
    pub token: String,
    /// As it was read, where that differs by more than capitals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// What it added to the chosen class, less what it added to the other two on average; in units of the
    /// sums before calibration. Above zero it spoke for the label, below zero against it.
    pub weight: f32,
    /// A negator before it turns it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
}

impl Model<'_> {
    /// Scores a comment and says which tokens spoke, and how much.
    pub fn explain(&self, text: &str) -> Explanation {
        COMMENT.with_borrow_mut(|comment| {
            comment.read(text, self.lexicon());
            explain(self, text, comment)
        })
    }
}

fn explain(model: &Model<'_>, text: &str, comment: &Normalised) -> Explanation {
    let scored = model.score_normalised(comment);
    let shares = shares(model, comment);
    let mut tokens: Vec<Spoken> = Vec::with_capacity(shares.len());
    let mut source_before = None;
    for (token, share) in comment.tokens().iter().zip(shares) {
        let weight = weight(share, scored.label);
        let source = token.source();
        // One typed word may have been read as two: they share a line.
        if source_before.as_ref() == Some(&source)
            && let Some(before) = tokens.last_mut()
        {
            before.weight += weight;
            before.read_as = before.read_as.take().map(|read| format!("{read} {}", comment.text(token)));
            continue;
        }
        let typed = text.get(source.clone()).unwrap_or("");
        let read = comment.text(token);
        let read_as =
            (token.kind == TokenKind::Word && read != typed.to_lowercase()).then(|| read.to_owned());
        tokens.push(Spoken { token: typed.to_owned(), read_as, weight, negated: token.negated });
        source_before = Some(source);
    }
    Explanation { scored, tokens: strongest(tokens) }
}

fn weight(share: [f32; 3], label: Label) -> f32 {
    let own = share[label.index()];
    let others: f32 = share.iter().sum::<f32>() - own;
    own - others / 2.0
}

fn strongest(mut tokens: Vec<Spoken>) -> Vec<Spoken> {
    if tokens.len() > MOST_TOKENS {
        let mut strengths: Vec<f32> = tokens.iter().map(|spoken| spoken.weight.abs()).collect();
        strengths.sort_by(|a, b| b.total_cmp(a));
        let least = strengths[MOST_TOKENS - 1];
        tokens.retain(|spoken| spoken.weight.abs() >= least);
        tokens.truncate(MOST_TOKENS);
    }
    tokens
}

/// The share of each token in the three sums.
fn shares(model: &Model<'_>, comment: &Normalised) -> Vec<[f32; 3]> {
    let mut rows =
        TokenRows { model, sums: vec![[[0; 3]; GROUPS]; comment.tokens().len()], counts: [0; GROUPS] };
    let dense = features::extract(comment, model.lexicon(), &mut rows);
    if dense.words == 0 {
        return face_shares(model, comment);
    }
    let scales =
        Group::ALL.map(|group| model.artefact.scale * group_scale(group, rows.counts[group as usize]));
    let mut shares: Vec<[f32; 3]> = Vec::with_capacity(rows.sums.len());
    for (place, sums) in rows.sums.iter().enumerate() {
        let mut share = [0.0; 3];
        for (sums, scale) in sums.iter().zip(scales) {
            share.iter_mut().zip(sums).for_each(|(share, sum)| *share += *sum as f32 * scale);
        }
        dense.shares(comment, place, model.lexicon(), |feature, amount| {
            let weights = model.artefact.dense[feature];
            share.iter_mut().zip(weights).for_each(|(share, weight)| *share += weight * amount);
        });
        shares.push(share);
    }
    shares
}

/// Emoji alone: each face has the part of the emoji layer's sum that its polarity has in all of them.
fn face_shares(model: &Model<'_>, comment: &Normalised) -> Vec<[f32; 3]> {
    let dense = features::Dense::of(comment, model.lexicon());
    let [sum, neutral, _] = emoji_layer(&dense, comment);
    let by_face = if dense.faces == 0.0 { 0.0 } else { sum / dense.faces };
    let by_joke = if dense.playful == 0.0 { 0.0 } else { neutral / dense.playful };
    let tokens = comment.tokens().iter();
    tokens
        .map(|token| {
            let (polarity, playful) = features::dense::face_of(comment.entry(token, model.lexicon()));
            let (face, joke) = (by_face * polarity, if playful { by_joke } else { 0.0 });
            [face, joke, -face]
        })
        .collect()
}

struct TokenRows<'m, 'a> {
    model: &'m Model<'a>,
    sums: Vec<[[i32; 3]; GROUPS]>,
    counts: [u32; GROUPS],
}

impl Sink for TokenRows<'_, '_> {
    fn add(&mut self, group: Group, hash: u64, token: usize) {
        self.counts[group as usize] += 1;
        if let Some(sums) = self.sums.get_mut(token) {
            let sums = &mut sums[group as usize];
            sums.iter_mut().zip(self.model.row(hash)).for_each(|(sum, weight)| *sum += weight);
        }
    }
}
