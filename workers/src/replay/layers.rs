//! Rows of many answers that may be written together. Of two figures with one key only one could be written
//! at once, and the worse of them may be the very one that a row was made of and that mends it: so each has a
//! layer of its own.

use std::collections::BTreeMap;

use crate::insight::InsightKey;
use crate::rows::Rows;
use crate::rows::user_figure::UserFigureKey;

/// Layers, to be written one after the other; what was told stays in its order.
pub(super) fn layers(all: Vec<Rows>) -> Vec<Rows> {
    let mut layers: Vec<Rows> = Vec::new();
    let mut media: BTreeMap<InsightKey, usize> = BTreeMap::new();
    let mut accounts: BTreeMap<UserFigureKey, usize> = BTreeMap::new();
    for rows in all {
        let layer = free(&media, rows.insights.keys()).max(free(&accounts, rows.user_figures.keys()));
        media.extend(rows.insights.keys().map(|key| (key.clone(), layer + 1)));
        accounts.extend(rows.user_figures.keys().map(|key| (key.clone(), layer + 1)));
        if layers.len() <= layer {
            layers.resize_with(layer + 1, Rows::default);
        }
        let (told, mends) = (rows.told, rows.mends);
        layers[0].told.extend(told);
        layers[0].mends |= mends;
        layers[layer].append(Rows { told: Vec::new(), ..rows });
    }
    layers
}

/// The first layer in which none of the keys is taken.
fn free<'a, K: Ord + 'a>(taken: &BTreeMap<K, usize>, keys: impl Iterator<Item = &'a K>) -> usize {
    keys.filter_map(|key| taken.get(key)).copied().max().unwrap_or(0)
}
