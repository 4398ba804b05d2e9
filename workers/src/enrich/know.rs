//! What a read has to know before it is planned: what the rows say of its target, and whether one list tells
//! of more than it does.

use jiff::Timestamp;

use super::inner::Inner;
use crate::reads::user_media::{self, DEPTHS, Wanted};
use crate::reads::{self, Known, Needs, Read, kind};
use crate::rows::account::{self, Since};
use crate::rows::facts::{self, Facts};
use crate::tasks::{self, List, Task, TaskKey};

impl Inner {
    /// What the read has to know beforehand.
    pub(super) async fn know(&self, task: &Task, read: &dyn Read) -> Result<Known, sqlx::Error> {
        match read.about().needs {
            Needs::Nothing => Ok(Known::default()),
            Needs::Account => self.know_account(task).await,
            Needs::Username => {
                let mut conn = self.pool.acquire().await?;
                let username = account::username(&mut conn, &task.key.target_id).await?;
                Ok(Known { username, ..Known::default() })
            }
            Needs::Medium => self.know_medium(task, read).await,
        }
    }

    async fn know_account(&self, task: &Task) -> Result<Known, sqlx::Error> {
        let now = self.clock.now();
        let before = |wait| now.checked_sub(wait).unwrap_or(Timestamp::MIN);
        let since = Since {
            counted: before(self.settings.followers_known),
            refused: before(self.settings.refused_metric),
        };
        let mut conn = self.pool.acquire().await?;
        let facts = account::facts(&mut conn, &task.key.target_id, since).await?;
        let known = Known { account: Some(facts), ..Known::default() };
        Ok(Known { widely_refused: self.refusals.of(known.subject(), now), ..known })
    }

    async fn know_medium(&self, task: &Task, read: &dyn Read) -> Result<Known, sqlx::Error> {
        let now = self.clock.now();
        let before = |wait| now.checked_sub(wait).unwrap_or(Timestamp::MIN);
        let TaskKey { target_id, account_id, .. } = &task.key;
        let mut conn = self.pool.acquire().await?;
        let medium = facts::facts(&mut conn, target_id).await?;
        let figures = facts::figures(&mut conn, target_id, before(self.settings.refused_metric)).await?;
        let owner = medium.as_ref().and_then(|facts| facts.owner.as_ref());
        let is_read_by_owner = owner.is_some_and(|owner| owner != account_id)
            && tasks::read_by_owner(&mut conn, target_id, account_id, before(read.about().freshness)).await?;
        let may_be_part =
            task.key.kind == reads::kind::MEDIA && medium.as_ref().is_some_and(|facts| !facts.is_child);
        let comment_below =
            if may_be_part { facts::comment_below(&mut conn, target_id).await? } else { None };
        let list = self.list(&mut conn, task, medium.as_ref(), now).await?;
        let (wanted_at, ageing) = (task.wanted_at, self.settings.ageing);
        let known = Known { medium, figures, comment_below, is_read_by_owner, list, ..Known::default() };
        let known = Known { wanted_at, ageing, ..known };
        Ok(Known { widely_refused: self.refusals.of(known.subject(), now), ..known })
    }

    /// The variant of the account's list that is worth reading instead of this medium by itself.
    async fn list(
        &self,
        conn: &mut sqlx::PgConnection,
        task: &Task,
        facts: Option<&Facts>,
        now: Timestamp,
    ) -> Result<Option<String>, sqlx::Error> {
        let account = task.key.account_id.as_str();
        let is_served = [kind::MEDIA, kind::MEDIA_INSIGHTS, kind::COMMENTS].contains(&task.key.kind);
        let listed = facts.filter(|facts| {
            is_served
                && facts.owner.as_deref() == Some(account)
                && !(facts.is_child || facts.is_gone)
                && matches!(facts.product.as_deref(), Some("FEED" | "REELS"))
        });
        let (Some(published), Some(from)) =
            (listed.and_then(|facts| facts.published), self.settings.sweep_from)
        else {
            return Ok(None);
        };
        let since = now.checked_sub(self.settings.wanted_lately).unwrap_or(Timestamp::MIN);
        let wanted = tasks::wanted_lately(conn, account, since).await?;
        if i64::try_from(wanted.len()).unwrap_or(i64::MAX) <= from {
            return Ok(None);
        }
        let depths = DEPTHS.map(|days| now - jiff::SignedDuration::from_hours(24 * days));
        let listed = tasks::listed(conn, account, &depths).await?;
        let Ok(listed) = listed.try_into() else { return Ok(None) };
        let Some(variant) = user_media::sweep(&Wanted { published: wanted, listed }, published, from, now)
        else {
            return Ok(None);
        };
        let key = TaskKey { variant, ..TaskKey::new(kind::USER_MEDIA, account, account) };
        let stands = tasks::list(conn, &key, now).await?;
        Ok((stands == List::Worth).then_some(key.variant))
    }
}
