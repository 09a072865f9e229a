//! The value of a rating.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// Derpiness, 1 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Derpiness(i16);

/// The value is not a whole number from 1 to 10.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("Rate with a whole number from 1 to 10.")]
pub struct OutOfRange;

impl Derpiness {
    /// Returns the number.
    #[must_use]
    pub fn get(self) -> i16 {
        self.0
    }
}

impl TryFrom<i64> for Derpiness {
    type Error = OutOfRange;

    fn try_from(value: i64) -> Result<Self, OutOfRange> {
        match i16::try_from(value) {
            Ok(value @ 1..=10) => Ok(Self(value)),
            _ => Err(OutOfRange),
        }
    }
}

impl From<Derpiness> for i64 {
    fn from(value: Derpiness) -> Self {
        value.0.into()
    }
}

impl From<Derpiness> for u8 {
    fn from(value: Derpiness) -> Self {
        value.0.unsigned_abs().to_le_bytes()[0]
    }
}

impl Type<Postgres> for Derpiness {
    fn type_info() -> PgTypeInfo {
        <i16 as Type<Postgres>>::type_info()
    }
}

/// Fails for any number other than 1 to 10.
impl<'r> Decode<'r, Postgres> for Derpiness {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(i64::from(<i16 as Decode<Postgres>>::decode(value)?).try_into()?)
    }
}

impl FromStr for Derpiness {
    type Err = OutOfRange;

    fn from_str(text: &str) -> Result<Self, OutOfRange> {
        text.parse::<i64>().map_err(|_| OutOfRange)?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_to_ten_is_a_derpiness() {
        for value in 1..=10_i64 {
            assert_eq!(value.to_string().parse::<Derpiness>().map(i64::from), Ok(value));
        }
        for bad in ["0", "11", "-1", "abc", "", "7.5", "65537", "99999999999999999999"] {
            assert_eq!(bad.parse::<Derpiness>(), Err(OutOfRange), "{bad}");
        }
    }
}
