//! Figures as answers write them: plain JSON numbers, a count without a decimal point.

use cekbrand_schema::Decimal;
use serde::{Serialize, Serializer};

/// A number that is written like `57687` or `0.37`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(whole) = self.0.is_integer().then(|| i64::try_from(self.0).ok()).flatten() {
            return serializer.serialize_i64(whole);
        }
        let number = f64::try_from(self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_plainly() {
        for plain in ["0", "0.37", "41.26", "4120.5", "57687", "9223372036854775807"] {
            assert_eq!(serde_json::to_string(&Number(plain.parse().unwrap())).unwrap(), plain);
        }
        assert_eq!(serde_json::to_string(&Number("57687.00".parse().unwrap())).unwrap(), "57687");
    }
}
