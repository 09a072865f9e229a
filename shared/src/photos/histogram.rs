//! The distribution of a photo's ratings.

use serde::{Deserialize, Serialize};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

/// How many ratings of 1, 2, … 10 a photo has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram([i32; 10]);

impl Histogram {
    /// Creates a histogram from counts, ratings of 1 first.
    #[must_use]
    pub const fn new(bars: [i32; 10]) -> Self {
        Self(bars)
    }

    /// The counts, ratings of 1 first.
    #[must_use]
    pub const fn bars(&self) -> [i32; 10] {
        self.0
    }

    /// The number of ratings.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.0.iter().copied().map(i64::from).sum()
    }

    /// The arithmetic mean, 1 to 10; `None` without ratings.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of ratings stay far below 2^53")]
    pub fn mean(&self) -> Option<f64> {
        let sum: i64 = (1..=10).zip(self.0).map(|(value, count)| value * i64::from(count)).sum();
        let count = self.count();
        (count > 0).then(|| sum as f64 / count as f64)
    }
}

impl Type<Postgres> for Histogram {
    fn type_info() -> PgTypeInfo {
        <Vec<i32> as Type<Postgres>>::type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        <Vec<i32> as Type<Postgres>>::compatible(ty)
    }
}

/// Fails for any number of counts other than ten.
impl<'r> Decode<'r, Postgres> for Histogram {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let bars: Vec<i32> = Decode::decode(value)?;
        let bars = bars.try_into().map_err(|bars: Vec<i32>| format!("a histogram of {} bars", bars.len()))?;
        Ok(Self(bars))
    }
}

impl Encode<'_, Postgres> for Histogram {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.0.as_slice().encode_by_ref(buffer)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;

    fn of(values: &[usize]) -> Histogram {
        let mut bars = [0; 10];
        for value in values {
            bars[value - 1] += 1;
        }
        Histogram::new(bars)
    }

    #[test]
    fn means_are_of_the_ratings_alone() {
        assert_eq!(of(&[10, 8]).mean(), Some(9.0));
        assert_eq!(of(&[9]).mean(), Some(9.0));
        assert_eq!(of(&[4]).mean(), Some(4.0));
        assert_eq!(Histogram::default().mean(), None);
        assert_eq!((of(&[10, 8]).count(), Histogram::default().count()), (2, 0));
    }

    #[sqlx::test(migrations = false)]
    async fn only_ten_counts_are_a_histogram(db: PgPool) {
        let read = async |bars: &'static str| sqlx::query_scalar::<_, Histogram>(bars).fetch_one(&db).await;
        let read_back = read("select array[0, 0, 0, 0, 0, 0, 0, 1, 0, 1]").await;
        assert_eq!(read_back.expect("ten"), of(&[8, 10]));
        let error = read("select array[1, 2]").await.expect_err("two");
        assert!(error.to_string().contains("a histogram of 2 bars"), "{error}");
        let echoed =
            sqlx::query_scalar::<_, Histogram>("select $1::integer[]").bind(of(&[3, 3])).fetch_one(&db);
        assert_eq!(echoed.await.expect("it is one"), of(&[3, 3]));
    }
}
