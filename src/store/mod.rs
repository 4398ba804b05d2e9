//! What operators change and look at, in PostgreSQL: accounts with their tokens and competitors, who did
//! what, the books, whether canaries landed, what is wrong, and what the demo shows.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod books;
pub(crate) mod canary;
pub(crate) mod competitors;
pub(crate) mod dead_letters;
pub(crate) mod diagnosis;
pub(crate) mod highlights;
pub(crate) mod sync;
