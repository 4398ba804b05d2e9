//! The tables that are kept: their columns as Parquet knows them, and the statement that gives a day's rows.

/// A table that is kept day by day.
#[derive(Debug)]
pub(in crate::retention) struct Table {
    /// Its name in the schema `pipeline`.
    pub(in crate::retention) name: &'static str,
    /// Its columns, in the order of the file.
    pub(super) columns: &'static [Column],
    /// `$1` inclusive to `$2` exclusive.
    pub(super) statement: &'static str,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) may_be_null: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Bytes,
    Bool,
    Int,
    Long,
    /// Microseconds since 1970, UTC.
    Time,
}

const fn always(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, may_be_null: false }
}

const fn perhaps(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, may_be_null: true }
}

/// Every table whose days are dropped.
pub(in crate::retention) static TABLES: [Table; 2] = [
    Table {
        name: "event",
        columns: &[
            always("event_id", Kind::Bytes),
            always("is_test", Kind::Bool),
            perhaps("subject_id", Kind::Text),
            always("object", Kind::Text),
            always("field", Kind::Text),
            always("account_id", Kind::Text),
            always("raw", Kind::Text),
            perhaps("entry_time", Kind::Time),
            always("received_at", Kind::Time),
            always("landed_at", Kind::Time),
            always("topic", Kind::Text),
            always("partition", Kind::Int),
            always("offset", Kind::Long),
            always("secret_label", Kind::Text),
            always("schema_version", Kind::Int),
            perhaps("extra", Kind::Text),
        ],
        statement: r#"
            SELECT event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, landed_at, topic,
                partition, "offset", secret_label, schema_version::int AS schema_version, extra
            FROM pipeline.event
            WHERE received_at >= $1 AND received_at < $2
            ORDER BY received_at, event_id"#,
    },
    Table {
        name: "graph_response",
        columns: &[
            always("id", Kind::Long),
            always("fetch_id", Kind::Text),
            always("account_id", Kind::Text),
            always("target_id", Kind::Text),
            always("request", Kind::Text),
            always("status", Kind::Int),
            always("body", Kind::Text),
            perhaps("error_code", Kind::Int),
            perhaps("error_subcode", Kind::Int),
            perhaps("usage", Kind::Text),
            always("observed_at", Kind::Time),
            always("api_version", Kind::Text),
            always("duration_ms", Kind::Int),
        ],
        statement: "
            SELECT id, fetch_id, account_id, target_id, request, status, body, error_code, error_subcode, usage::text AS usage,
                observed_at, api_version, duration_ms
            FROM pipeline.graph_response
            WHERE observed_at >= $1 AND observed_at < $2
            ORDER BY id",
    },
];

impl Table {
    /// The table of a name, if its days are kept.
    pub(in crate::retention) fn find(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }
}
