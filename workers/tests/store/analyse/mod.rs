//! Analytics are what the raw tables say, in whatever order these were written and however often they are
//! computed.

mod figures;
mod hashtags;
mod marked;
mod order;
