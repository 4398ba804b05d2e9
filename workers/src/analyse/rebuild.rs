//! Analytics of an account computed again from its raw rows, by the statements that serve live work: all of
//! its days, or some. Where nothing was wrong, no row is written.

use jiff::ToSpan;
use jiff::civil::Date;

use super::tables::Table;
use super::{Analyser, days, sentiment, store};

/// The days to compute again; without an end it is the account's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range {
    /// The first; `None`: the first of which anything is held.
    pub from: Option<Date>,
    /// The last; `None`: the present one.
    pub to: Option<Date>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Days that were asked for and lie within what is held.
    pub days: usize,
    /// Comments that had no row of the present model.
    pub scored: usize,
    /// Rows of analytics that were not as they should be.
    pub written: u64,
}

impl Analyser {
    /// Computes an account's days again, in one transaction, and what else their change reaches. Waits for
    /// an analyser that is at the account; others leave it alone meanwhile. What was marked is done too.
    ///
    /// `done` hears of each table that is up to date.
    ///
    /// # Errors
    ///
    /// The database's. Nothing of the account is changed then but scores of comments.
    pub async fn rebuild(
        &self,
        account_id: &str,
        range: Range,
        mut done: impl FnMut(&Table),
    ) -> Result<Rebuilt, sqlx::Error> {
        let now = self.clock.now();
        let scored = sentiment::score_account(&self.pool, account_id, now).await?;
        let mut transaction = self.pool.begin().await?;
        let conn = &mut *transaction;
        store::lift_limits(conn).await?;
        store::lock(conn, account_id).await?;
        store::settle_plans(conn).await?;
        let mut marked = store::take_marks(conn, account_id).await?;
        marked.extend(store::sync_media(conn, account_id).await?);
        let today = store::today(conn, account_id, now).await?;
        let first = store::first_day(conn, account_id).await?;
        let asked = first.map_or_else(Vec::new, |first| range.days(first, today));
        marked.extend(&asked);
        let mut rebuilt = Rebuilt { days: asked.len(), scored, written: 0 };
        if let Some(reach) = days::reach(&marked, today) {
            let work = self.work(account_id, &reach, today, now);
            for table in self.tables {
                rebuilt.written += table.write(conn, work).await?;
                done(table);
            }
        }
        transaction.commit().await?;
        Ok(rebuilt)
    }
}

impl Range {
    /// The days of the range within [first, today].
    fn days(self, first: Date, today: Date) -> Vec<Date> {
        let from = self.from.map_or(first, |from| from.max(first));
        let to = self.to.map_or(today, |to| to.min(today));
        from.series(1.day()).take_while(|day| *day <= to).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_range_is_cut_to_what_is_held() {
        let (first, today) = (date(2026, 6, 10), date(2026, 6, 12));
        let days = |from: Option<Date>, to: Option<Date>| Range { from, to }.days(first, today);
        assert_eq!(days(None, None), [first, date(2026, 6, 11), today]);
        assert_eq!(days(Some(date(2026, 6, 11)), Some(date(2026, 7, 1))), [date(2026, 6, 11), today]);
        assert_eq!(days(Some(Date::MIN), Some(first)), [first]);
        assert_eq!(days(Some(date(2026, 6, 13)), None), []);
        assert_eq!(days(None, Some(date(2026, 6, 9))), []);
    }
}
