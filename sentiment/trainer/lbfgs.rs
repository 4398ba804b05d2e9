//! Limited-memory BFGS with a backtracking line search: no step size to tune, and the same path every time.

use std::collections::VecDeque;

/// How many steps back the curvature is remembered.
const MEMORY: usize = 8;

/// Walks from `point` towards the minimum of a function that gives its value and writes its gradient.
pub(crate) fn minimise(
    mut point: Vec<f32>,
    steps: usize,
    mut function: impl FnMut(&[f32], &mut [f32]) -> f64,
) -> Vec<f32> {
    let mut gradient = vec![0.0; point.len()];
    let mut value = function(&point, &mut gradient);
    let mut memory: VecDeque<(Vec<f32>, Vec<f32>, f64)> = VecDeque::new();
    for _ in 0..steps {
        let direction = direction(&gradient, &memory);
        let slope = dot(&direction, &gradient);
        if slope >= -1e-12 {
            break;
        }
        let mut step =
            if memory.is_empty() { (1.0 / dot(&gradient, &gradient).sqrt()).min(1.0) } else { 1.0 };
        let mut next_gradient = vec![0.0; point.len()];
        let found = loop {
            let next = along(&point, &direction, step);
            let next_value = function(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * step * slope {
                break Some((next, next_value));
            }
            step *= 0.5;
            if step < 1e-8 {
                break None;
            }
        };
        let Some((next, next_value)) = found else { break };
        let moved = difference(&next, &point);
        let turned = difference(&next_gradient, &gradient);
        let curvature = dot(&moved, &turned);
        if curvature > 1e-12 {
            memory.push_back((moved, turned, 1.0 / curvature));
            if memory.len() > MEMORY {
                memory.pop_front();
            }
        }
        let settled = (value - next_value) < 1e-7 * value.abs();
        (point, gradient, value) = (next, next_gradient, next_value);
        if settled {
            break;
        }
    }
    point
}

/// The two-loop recursion.
fn direction(gradient: &[f32], memory: &VecDeque<(Vec<f32>, Vec<f32>, f64)>) -> Vec<f32> {
    let mut direction: Vec<f32> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (moved, turned, inverse) in memory.iter().rev() {
        let share = inverse * dot(moved, &direction);
        add(&mut direction, turned, -share);
        shares.push(share);
    }
    if let Some((_, turned, inverse)) = memory.back() {
        let scale = 1.0 / (inverse * dot(turned, turned));
        for value in &mut direction {
            *value = narrow(f64::from(*value) * scale);
        }
    }
    for ((moved, turned, inverse), share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = inverse * dot(turned, &direction);
        add(&mut direction, moved, share - back);
    }
    direction
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn add(to: &mut [f32], what: &[f32], scale: f64) {
    let scale = narrow(scale);
    to.iter_mut().zip(what).for_each(|(to, what)| *to += scale * what);
}

fn along(point: &[f32], direction: &[f32], step: f64) -> Vec<f32> {
    let step = narrow(step);
    point.iter().zip(direction).map(|(point, way)| point + step * way).collect()
}

fn difference(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "weights are kept in single precision")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowl_is_descended_to_its_bottom() {
        let bottom = minimise(vec![5.0, -3.0], 50, |at, gradient| {
            gradient[0] = 2.0 * (at[0] - 1.0);
            gradient[1] = 20.0 * (at[1] - 2.0);
            f64::from((at[0] - 1.0).powi(2) + 10.0 * (at[1] - 2.0).powi(2))
        });
        assert!((bottom[0] - 1.0).abs() < 1e-3 && (bottom[1] - 2.0).abs() < 1e-3);
    }
}
