//! Sentiment of Instagram comments: pos, neu, neg with a calibrated score
