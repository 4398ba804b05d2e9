//! The six figures of an account, each with its change and a line: on the brand's page and in the portfolio.

use super::drawing;
use super::figures::{Figures, Metric, Pair, Point, Series};
use super::format;
use super::words::{Lang, absences, sentences};

/// A figure as it is shown.
#[derive(Debug)]
pub(crate) struct Tile {
    pub(crate) metric: Metric,
    pub(crate) name: &'static str,
    /// A dash where nothing is known.
    pub(crate) value: String,
    /// The whole number, or why there is none.
    pub(crate) title: String,
    pub(crate) change: Change,
    /// What the figure is of, or why there is none.
    pub(crate) note: String,
    pub(crate) line: String,
    /// Width of the line's box.
    pub(crate) width: u32,
}

/// How a figure changed; said in words, an arrow and a sign, never by colour alone.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) text: String,
    /// `up`, `down`, `flat`, or `none` where it cannot be told.
    pub(crate) direction: &'static str,
    pub(crate) title: String,
}

impl Change {
    fn unknown(lang: Lang, why: String) -> Self {
        let dash = lang.pick("—", "—");
        Self { text: dash.to_owned(), direction: "none", title: why }
    }

    fn of(text: &str, difference: f64, title: String) -> Self {
        let is_flat = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        let direction = match difference {
            _ if is_flat => "flat",
            up if up > 0.0 => "up",
            _ => "down",
        };
        Self { text: format::signed(text, difference), direction, title }
    }

    /// Growth in percent; from nothing it is new rather than infinite.
    fn relative(lang: Lang, pair: Option<Pair>) -> Self {
        let Some(pair) = pair else {
            return Self::unknown(lang, sentences::no_base(lang).to_owned());
        };
        let title = sentences::before_was(lang, &format::whole(lang, pair.before));
        if pair.before == 0.0 {
            return if pair.now == 0.0 {
                Self::of("0", 0.0, title)
            } else {
                Self { text: lang.pick("baru", "new").to_owned(), direction: "up", title }
            };
        }
        let growth = (pair.now - pair.before) / pair.before;
        Self::of(&format::percent(lang, growth), growth, title)
    }
}

/// The tile of a metric.
pub(crate) fn tile(lang: Lang, figures: &Figures, metric: Metric) -> Tile {
    let series = figures.series(metric);
    let values: Vec<Option<f64>> = series.now.iter().map(|point| point.value()).collect();
    let (shown, change, note) = match metric {
        Metric::Followers => followers(lang, &series),
        Metric::Reach => reach(lang, figures),
        Metric::Views => views(lang, figures),
        Metric::Engagement => engagement(lang, figures),
        Metric::Sentiment => sentiment(lang, figures),
        Metric::Stories => stories(lang, figures),
    };
    let title = shown.as_ref().map_or_else(|| note.clone(), |shown| shown.title.clone());
    Tile {
        metric,
        name: name(lang, metric),
        value: shown.map_or_else(|| "—".to_owned(), |shown| shown.value),
        title,
        change,
        note,
        line: drawing::sparkline(&values),
        width: u32::try_from(values.len()).unwrap_or(1).saturating_mul(10),
    }
}

/// What people call it.
pub(crate) fn name(lang: Lang, metric: Metric) -> &'static str {
    let words = &lang.words().brand;
    match metric {
        Metric::Followers => words.followers,
        Metric::Reach => words.reach,
        Metric::Views => words.views,
        Metric::Engagement => words.engagement,
        Metric::Sentiment => words.sentiment,
        Metric::Stories => words.stories_saved,
    }
}

struct Shown {
    value: String,
    title: String,
}

fn count(lang: Lang, value: f64) -> Shown {
    Shown { value: format::short(lang, value), title: format::whole(lang, value) }
}

/// Value, change, and the note below.
type Parts = (Option<Shown>, Change, String);

fn missing(lang: Lang, points: &[Point]) -> String {
    Series::absence(points).map_or(absences::never_read(lang), |why| absences::absence(lang, why)).to_owned()
}

fn followers(lang: Lang, series: &Series) -> Parts {
    let Some(now) = Series::last(&series.now) else {
        return (None, Change::unknown(lang, missing(lang, &series.now)), missing(lang, &series.now));
    };
    // Against the last day before the period began.
    let pair = Series::last(&series.before).map(|before| Pair { now, before });
    let note = pair.map_or_else(String::new, |pair| {
        let more = pair.now - pair.before;
        sentences::since_before(lang, &format::signed(&format::whole(lang, more), more))
    });
    (Some(count(lang, now)), Change::relative(lang, pair), note)
}

fn reach(lang: Lang, figures: &Figures) -> Parts {
    let is_window = matches!(figures.period.days, 7 | 28);
    if !is_window {
        // People of single days do not add up to people of a range.
        let known = Series::known(&figures.reach.now);
        if known.is_empty() {
            let why = missing(lang, &figures.reach.now);
            return (None, Change::unknown(lang, why.clone()), why);
        }
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let note = sentences::mean_of_days(lang, known.len());
        return (Some(count(lang, mean)), Change::relative(lang, figures.reach.paired()), note);
    }
    let window = &figures.reach_of_window;
    let Some(at) = window.now.iter().rposition(|point| point.value().is_some()) else {
        let why = missing(lang, &window.now);
        return (None, Change::unknown(lang, why.clone()), why);
    };
    let value = |points: &[Point]| points.get(at).and_then(|point| point.value());
    let now = value(&window.now).unwrap_or(0.0);
    let pair = value(&window.before).map(|before| Pair { now, before });
    let note = sentences::people_of_window(lang, figures.period.days);
    (Some(count(lang, now)), Change::relative(lang, pair), note)
}

fn views(lang: Lang, figures: &Figures) -> Parts {
    let known = Series::known(&figures.views.now);
    if known.is_empty() {
        let why = missing(lang, &figures.views.now);
        return (None, Change::unknown(lang, why.clone()), why);
    }
    let note = sentences::sum_of_days(lang, known.len(), figures.views.now.len());
    (Some(count(lang, known.iter().sum())), Change::relative(lang, figures.views.paired()), note)
}

fn engagement(lang: Lang, figures: &Figures) -> Parts {
    let series = &figures.engagement;
    let timeframe = if figures.period.days == 28 { 28 } else { 7 };
    let Some(at) = series.now.iter().rposition(|point| point.value().is_some()) else {
        let why = Series::absence(&series.now)
            .map_or(lang.words().brand.nothing_published, |why| absences::absence(lang, why));
        return (None, Change::unknown(lang, why.to_owned()), why.to_owned());
    };
    let value = |points: &[Point]| points.get(at).and_then(|point| point.value());
    let now = value(&series.now).unwrap_or(0.0);
    let pair = value(&series.before).map(|before| Pair { now, before });
    (Some(count(lang, now)), Change::relative(lang, pair), sentences::of_posts(lang, timeframe))
}

fn sentiment(lang: Lang, figures: &Figures) -> Parts {
    let period = figures.period;
    let now = figures.feelings(period.from, period.to);
    let yesterday = period.from.yesterday().unwrap_or(period.from);
    let before = figures.feelings(period.from_before, yesterday);
    let Some(net) = now.net() else {
        let why = lang.words().brand.no_comments.to_owned();
        return (None, Change::unknown(lang, why.clone()), why);
    };
    let change = before.net().map_or_else(
        || Change::unknown(lang, sentences::no_base(lang).to_owned()),
        |held| {
            let points = (net - held) * 100.0;
            let text = format!("{} {}", format::decimal(lang, points, 1), lang.pick("poin", "pts"));
            let title = sentences::before_was(lang, &format::percent(lang, held));
            Change::of(&text, points, title)
        },
    );
    let value = format::signed(&format::percent(lang, net), net);
    let title = sentences::feelings(lang, now);
    (Some(Shown { value, title: title.clone() }), change, title)
}

fn stories(lang: Lang, figures: &Figures) -> Parts {
    let period = figures.period;
    let now = figures.stories(period.from, period.to);
    let yesterday = period.from.yesterday().unwrap_or(period.from);
    let before = figures.stories(period.from_before, yesterday);
    if now.published == 0 {
        let why = lang.words().brand.no_stories.to_owned();
        return (None, Change::unknown(lang, why.clone()), why);
    }
    let value = sentences::so_many_of(lang, now.saved, now.published);
    let pair = Pair { now: now.saved as f64, before: before.saved as f64 };
    let note = if now.lost > 0 { sentences::lost_stories(lang, now.lost) } else { String::new() };
    (Some(Shown { title: value.clone(), value }), Change::relative(lang, Some(pair)), note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_from_nothing_is_new_and_never_infinite() {
        let from_zero = Change::relative(Lang::En, Some(Pair { now: 5.0, before: 0.0 }));
        assert_eq!((from_zero.text.as_str(), from_zero.direction), ("new", "up"));
        let from_unknown = Change::relative(Lang::Id, None);
        assert_eq!((from_unknown.text.as_str(), from_unknown.direction), ("—", "none"));
        assert!(!from_unknown.title.is_empty());
    }

    #[test]
    fn what_rounds_to_no_change_has_no_direction() {
        let change = Change::relative(Lang::En, Some(Pair { now: 100_001.0, before: 100_000.0 }));
        assert_eq!((change.text.as_str(), change.direction), ("+0.0%", "flat"));
        let down = Change::relative(Lang::Id, Some(Pair { now: 90.0, before: 100.0 }));
        assert_eq!((down.text.as_str(), down.direction), ("−10,0%", "down"));
    }
}
