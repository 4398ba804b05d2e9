//! Holds back warnings and errors that were said a moment ago in the very same words, so that trouble that
//! lasts does not drown the rest.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How long the same words are held back.
const QUIET: Duration = Duration::from_secs(10);
/// How many different lines are remembered at most; all are forgotten then, which costs a few repeated lines.
const REMEMBERED: usize = 1024;

/// Remembers what was said when.
#[derive(Default)]
pub(super) struct Repeats {
    said: Mutex<HashMap<u64, Instant>>,
}

impl Repeats {
    /// Whether these words may be said at this instant.
    fn may_say(&self, words: u64, now: Instant) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(&words).is_some_and(|at| now.duration_since(*at) < QUIET) {
            return false;
        }
        if said.len() >= REMEMBERED {
            said.clear();
        }
        said.insert(words, now);
        true
    }
}

impl<S: Subscriber> Layer<S> for Repeats {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        // A level is greater the more it says.
        if *event.metadata().level() > Level::WARN {
            return true;
        }
        let mut words = Words(DefaultHasher::new());
        event.metadata().target().hash(&mut words.0);
        event.record(&mut words);
        self.may_say(words.0.finish(), Instant::now())
    }
}

/// An event's fields and their values, as a number.
struct Words(DefaultHasher);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        field.name().hash(&mut self.0);
        format!("{value:?}").hash(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_held_back_for_a_while_and_other_words_are_not() {
        let (repeats, start) = (Repeats::default(), Instant::now());
        assert!(repeats.may_say(1, start));
        assert!(!repeats.may_say(1, start + Duration::from_secs(9)));
        assert!(repeats.may_say(2, start + Duration::from_secs(9)));
        assert!(repeats.may_say(1, start + Duration::from_secs(10)));
    }

    #[test]
    fn a_warning_that_repeats_itself_reaches_the_log_once_and_news_always_does() {
        use tracing_subscriber::layer::SubscriberExt;
        let lines = tempfile::NamedTempFile::new().unwrap();
        let file = lines.reopen().unwrap();
        let logged = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(Repeats::default()).with(logged),
            || {
                for number in [1, 1, 2] {
                    tracing::warn!(number, "it is away");
                }
                (0..2).for_each(|_| tracing::info!("news"));
            },
        );
        let text = std::fs::read_to_string(lines.path()).unwrap();
        assert_eq!((text.matches("it is away").count(), text.matches("news").count()), (2, 2), "{text}");
    }
}
