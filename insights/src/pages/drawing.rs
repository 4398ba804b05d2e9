//! Lines as SVG paths: the sparklines of tiles and the lines of the chart. Only numbers of ours get in.

use std::fmt::Write as _;

/// Height of every drawing, in its own units; the style sheet stretches it.
const HEIGHT: f64 = 100.0;
/// Width of a day.
pub(crate) const DAY: f64 = 10.0;

/// From which value to which a drawing goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Scale {
    /// As small as the values let it be; none where nothing is known.
    pub(crate) fn around(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut scale: Option<Self> = None;
        for value in values {
            let held = scale.unwrap_or(Self { low: value, high: value });
            scale = Some(Self { low: held.low.min(value), high: held.high.max(value) });
        }
        scale
    }

    /// With zero in it.
    pub(crate) fn with_zero(self) -> Self {
        Self { low: self.low.min(0.0), high: self.high.max(0.0) }
    }

    /// Ends where a round step does; gives the steps too, from the top.
    pub(crate) fn rounded(self) -> (Self, Vec<f64>) {
        let span = if self.high > self.low { self.high - self.low } else { self.high.abs().max(1.0) };
        let rough = span / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|of| of * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let low = (self.low / step).floor() * step;
        let mut ticks = vec![low];
        while let Some(last) = ticks.last().copied()
            && (last < self.high || ticks.len() < 2)
        {
            ticks.push(last + step);
        }
        let high = ticks.last().copied().unwrap_or(self.high);
        ticks.reverse();
        (Self { low, high }, ticks)
    }

    fn y(self, value: f64) -> f64 {
        let span = self.high - self.low;
        if span <= 0.0 { HEIGHT / 2.0 } else { HEIGHT - (value - self.low) / span * HEIGHT }
    }

    /// Height of zero, where it lies within.
    pub(crate) fn zero(self) -> Option<f64> {
        (self.low < 0.0 && self.high > 0.0).then(|| self.y(0.0))
    }
}

/// A path through the known values, broken where one is missing; a single one is a dot.
pub(crate) fn line(values: &[Option<f64>], scale: Scale) -> String {
    let mut path = String::new();
    let mut is_drawing = false;
    for (day, value) in (0_u32..).zip(values) {
        let Some(value) = value else {
            is_drawing = false;
            continue;
        };
        let (x, y) = (DAY.mul_add(f64::from(day), DAY / 2.0), scale.y(*value));
        // Writing into a string does not fail.
        let _infallible =
            if is_drawing { write!(path, "L{x:.0} {y:.1}") } else { write!(path, "M{x:.0} {y:.1}h0") };
        is_drawing = true;
    }
    path
}

/// A line for itself, as high as it can be.
pub(crate) fn sparkline(values: &[Option<f64>]) -> String {
    Scale::around(values.iter().copied().flatten()).map_or_else(String::new, |scale| line(values, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_day_breaks_the_line() {
        let scale = Scale { low: 0.0, high: 10.0 };
        let path = line(&[Some(0.0), Some(10.0), None, Some(5.0)], scale);
        assert_eq!(path, "M5 100.0h0L15 0.0M35 50.0h0");
        assert_eq!(line(&[None, None], scale), "");
    }

    #[test]
    fn a_scale_ends_on_round_numbers_and_holds_every_value() {
        let (scale, ticks) = Scale { low: 0.0, high: 937.0 }.rounded();
        assert_eq!((scale.low, scale.high), (0.0, 1000.0));
        assert_eq!(ticks, [1000.0, 750.0, 500.0, 250.0, 0.0]);
        let (flat, ticks) = Scale { low: 0.0, high: 0.0 }.rounded();
        assert!(flat.high > flat.low && ticks.len() >= 2);
        let (around, _) = Scale { low: 12_310.0, high: 12_420.0 }.rounded();
        assert!(around.low <= 12_310.0 && around.high >= 12_420.0 && around.low > 12_000.0);
    }
}
