//! From a landed change of the control lane to a duty.

use cekbrand_schema::topic::SIGNED_REQUEST;
use cekbrand_schema::value::Value;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::land::decode::Arrived;

const RECEIVE: &str = "
INSERT INTO pipeline.deletion_request (confirmation_code, kind, app_scoped_id, state, requested_at)
VALUES ($1, $2, $3, 'received', $4)
ON CONFLICT (confirmation_code) DO NOTHING";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The app's rights are gone.
    Deauthorize,
    /// The data are to go.
    DataDeletion,
}

impl Kind {
    /// The name in the `kind` column, which is the change's field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deauthorize => "deauthorize",
            Self::DataDeletion => "data_deletion",
        }
    }

    /// The kind of a name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Deauthorize, Self::DataDeletion].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A request that is not fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// What the person can ask about it with.
    pub code: String,
    /// What is asked for.
    pub kind: Kind,
    /// The id that Meta sent.
    pub id: String,
}

/// Takes the requests among changes, in the transaction that lands them.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn receive(
    conn: &mut PgConnection,
    changes: impl Iterator<Item = &Arrived>,
) -> Result<(), sqlx::Error> {
    for change in changes.filter(|change| change.object == SIGNED_REQUEST) {
        let Some(kind) = Kind::of(&change.field) else { continue };
        sqlx::query(RECEIVE)
            .bind(code(change))
            .bind(kind.as_str())
            .bind(change.account_id.as_str())
            .bind(change.received_at.to_sqlx())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// The code that the receiver answered with; where there is none, one that nobody can guess either.
fn code(change: &Arrived) -> String {
    let extra = change.extra.as_deref().and_then(Value::read);
    let told = extra.and_then(|extra| Some(extra.get("confirmation_code").id()?.into_owned()));
    told.unwrap_or_else(|| change.event_id.to_string())
}
