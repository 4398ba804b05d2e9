//! Progress bars on stderr; none where stderr is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts to `length`, with what it counts.
pub(crate) fn bar(length: u64, what: &'static str) -> ProgressBar {
    styled(ProgressBar::new(length), "{elapsed_precise} [{bar:32}] {pos}/{len} {msg}", what)
}

/// A bar that counts to `length`, with its rate and the time left.
pub(crate) fn paced(length: u64, what: &'static str) -> ProgressBar {
    let template = "{elapsed_precise} [{bar:32}] {pos}/{len} {msg}, {per_sec}, {eta} left";
    styled(ProgressBar::new(length), template, what)
}

/// A sign of life while something of unknown length goes on.
pub(crate) fn spinner(what: &'static str) -> ProgressBar {
    styled(ProgressBar::new_spinner(), "{elapsed_precise} {spinner} {msg}", what)
}

fn styled(bar: ProgressBar, template: &str, what: &'static str) -> ProgressBar {
    // The templates are our own and valid; with any other a plain bar will do.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_message(what);
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}
