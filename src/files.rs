//! The limit of open files: each connection of a receiver is one, and a system's usual limit is lower than
//! what a burst of deliveries wants.

/// Files that a process has open beside its connections: brokers, logs, the admin listener.
const OTHERS: u64 = 128;

/// Raises the limit as far as the system lets us, and says so where that is not enough for so many
/// connections at once.
pub(crate) fn raise_limit(connections: u64) {
    let wanted = connections.saturating_add(OTHERS);
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < wanted => tracing::warn!(
            files.limit = limit,
            files.wanted = wanted,
            "fewer files may be open than ingest.max_requests needs: raise the limit (LimitNOFILE, ulimit -n) or lower the setting"
        ),
        Ok(limit) => tracing::debug!(files.limit = limit, "so many files may be open"),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}
