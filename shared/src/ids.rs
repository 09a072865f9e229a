//! One type for each kind of id, so that a photo's can't be passed where a user's belongs.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// A user, anonymous or registered: `users.id`.
    UserId
}
id! {
    /// A photo: `photos.id`.
    PhotoId
}
id! {
    /// A job, live or ended: `jobs.id`, which `job_history.id` keeps.
    JobId
}
id! {
    /// A process that runs jobs: `job_workers.id`.
    WorkerId
}
