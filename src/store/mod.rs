//! What operators change and look at, in PostgreSQL: accounts with their tokens, the books, who did what.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod books;
