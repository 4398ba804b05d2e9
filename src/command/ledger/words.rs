//! What is wrong with the books, in words that say what to do.

use super::Books;
use super::log::Log;
use crate::store::books::{Held, LedgerRow};

/// Every contradiction, the worst first.
pub(super) fn problems(books: &Books) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for row in &books.rows {
        found.extend(sum(row));
        found.extend(
            topic(row, &books.log).filter(|problem| !found.contains(problem)).into_iter().collect::<Vec<_>>(),
        );
        if let Some(held) = &books.held {
            let none =
                Held { topic: row.topic.clone(), partition: row.partition, events: 0, dead_letters: 0 };
            let is_its = |held: &&Held| (&held.topic, held.partition) == (&row.topic, row.partition);
            found.extend(missing(row, held.iter().find(is_its).unwrap_or(&none)));
        }
    }
    found
}

/// Where a partition's counts do not add up.
fn sum(row: &LedgerRow) -> Option<String> {
    let read = row.next - row.start;
    let counted = row.landed + row.duplicates + row.dead_lettered + row.expired + row.continued;
    let place = format!("{}-{}", row.topic, row.partition);
    let changed = "they commit in one transaction, so that somebody else has changed the row in pipeline.consumer_offset";
    match read - counted {
        0 => None,
        lost @ 1.. => Some(format!(
            "{place}: of {read} records read, {lost} are neither landed nor duplicates nor dead-lettered nor expired: {changed}"
        )),
        more => Some(format!(
            "{place}: {read} records were read and {} more than that are counted: {changed}",
            -more
        )),
    }
}

/// Where the books are not of the topic that Kafka has.
fn topic(row: &LedgerRow, log: &Log) -> Option<String> {
    let topic = log.topic(&row.topic)?;
    if let (Some(held), Some(found)) = (&row.topic_id, &topic.id)
        && held != found
    {
        return Some(format!(
            "{}: Kafka's topic is another one than the books are of (its id is {found}, theirs is {held}): it was deleted and made \
             again, or the database belongs to another cluster; records of the former that were not read are lost",
            row.topic
        ));
    }
    let (place, next) = (format!("{}-{}", row.topic, row.partition), row.next);
    match topic.ends.get(&row.partition) {
        None if next > row.start => Some(format!(
            "{place}: the books stand at {next}, and Kafka has no such partition: the topic was lost"
        )),
        Some((_, high)) if next > *high => Some(format!(
            "{place}: the books stand at {next}, and Kafka's log ends at {high}: it was deleted and made again, or has lost records"
        )),
        _ => None,
    }
}

/// Where there are not as many rows as were counted.
fn missing(row: &LedgerRow, held: &Held) -> Vec<String> {
    let place = format!("{}-{}", row.topic, row.partition);
    let compare = |what: &str, counted: i64, pruned: i64, rows: i64| {
        let expected = counted - pruned;
        let difference = match rows - expected {
            0 => return None,
            more @ 1.. => format!("{more} more than that"),
            fewer => format!("{} fewer", -fewer),
        };
        Some(format!(
            "{place}: {counted} {what} are counted and retention took {pruned}, so that {expected} rows should be there, and {difference} are"
        ))
    };
    let events = compare("events", row.landed, row.events_pruned, held.events);
    let letters = compare("dead letters", row.dead_lettered, row.dead_letters_pruned, held.dead_letters);
    events.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::ledger::log::Topic;

    fn row() -> LedgerRow {
        LedgerRow {
            group: "g".to_owned(),
            topic: "t".to_owned(),
            partition: 3,
            topic_id: Some("one".to_owned()),
            start: 10,
            next: 30,
            landed: 12,
            duplicates: 4,
            dead_lettered: 3,
            expired: 0,
            continued: 1,
            events_pruned: 2,
            dead_letters_pruned: 0,
            closed: true,
        }
    }

    fn log(id: &str, high: i64) -> Log {
        let topic = Topic { id: Some(id.to_owned()), ends: [(3, (0, high))].into() };
        Log::of([("t".to_owned(), topic)])
    }

    #[test]
    fn counts_that_add_up_need_no_word_and_others_say_how_many_are_amiss() {
        assert_eq!(sum(&row()), None);
        let lost = sum(&LedgerRow { landed: 10, ..row() }).unwrap();
        assert!(lost.starts_with("t-3: of 20 records read, 2 are neither"), "{lost}");
        let more = sum(&LedgerRow { landed: 15, ..row() }).unwrap();
        assert!(more.starts_with("t-3: 20 records were read and 3 more"), "{more}");
    }

    #[test]
    fn another_topic_under_the_same_name_is_told_whatever_its_offsets() {
        for high in [5, 30, 90] {
            let told = topic(&row(), &log("two", high)).unwrap();
            assert!(told.contains("another one than the books are of"), "{told}");
        }
        assert_eq!(topic(&row(), &log("one", 30)), None);
        assert!(topic(&row(), &log("one", 29)).unwrap().contains("ends at 29"));
        assert_eq!(topic(&LedgerRow { topic_id: None, ..row() }, &log("two", 90)), None, "nobody knows");
    }

    #[test]
    fn rows_that_are_missing_are_counted_and_pruned_ones_are_not_missing() {
        let held = |events, dead_letters| Held { topic: "t".to_owned(), partition: 3, events, dead_letters };
        assert!(missing(&row(), &held(10, 3)).is_empty());
        let told = missing(&row(), &held(9, 4));
        assert!(told[0].contains("10 rows should be there, and 1 fewer are"), "{told:?}");
        assert!(told[1].contains("1 more than that are"), "{told:?}");
    }
}
