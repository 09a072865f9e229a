//! Password hashes: argon2id with the parameters of OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane).

use std::sync::LazyLock;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, CustomizedPasswordHasher, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Password;

/// How many hashes run at once. Each takes 19 MiB and a core for tens of milliseconds.
static SLOTS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)));

/// The hash to compare with for an unknown address, so that the answer takes as long as for a wrong password.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("the password of nobody"));

/// Hashes a new password on a blocking thread.
pub async fn hash(password: &Password) -> String {
    let password = password.expose().to_owned();
    on_a_blocking_thread(move || hash_now(&password)).await
}

/// Whether `password` matches `hash`. Without a hash the answer is no, after the same work.
pub async fn verify(password: &str, hash: Option<String>) -> bool {
    let password = password.to_owned();
    on_a_blocking_thread(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&hash)
            .is_ok_and(|parsed| Hasher.verify_password(password.as_bytes(), &parsed).is_ok());
        matches && known
    })
    .await
}

fn hash_now(password: &str) -> String {
    let salt = password_hash::try_generate_salt().expect("the system has random numbers");
    Hasher
        .hash_password_with_params(password.as_bytes(), &salt, Params::default())
        .expect("hashing fails only for parameters out of range, and these are constants")
        .to_string()
}

/// Argon2 with memory that returns to the system after each hash.
struct Hasher;

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let mut bytes = [0; Output::MAX_LENGTH];
        let bytes = bytes
            .get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))
            .ok_or(password_hash::Error::OutputSize)?;
        Argon2::new(algorithm, version, params.clone()).hash_password_into_with_memory(
            password,
            salt,
            bytes,
            blocks(params.block_count()),
        )?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(bytes)?),
        })
    }
}

/// The working memory of one hash.
///
/// glibc keeps freed blocks of up to 32 MiB for the thread that allocated them, and hashes run on many threads. It
/// always maps larger blocks, and unmaps them when they are freed (`M_MMAP_THRESHOLD` in mallopt(3)). The unused rest
/// of the capacity is never touched, so it takes no memory.
fn blocks(count: usize) -> Vec<Block> {
    const MAPPED: usize = 33 * 1024 * 1024;
    let mut blocks = Vec::with_capacity(count.max(MAPPED / Block::SIZE));
    blocks.resize(count, Block::new());
    blocks
}

async fn on_a_blocking_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let slot = SLOTS.acquire().await.expect("the semaphore is never closed");
    // The work holds the permit, because it continues if the caller is cancelled.
    let work = move |_slot: SemaphorePermit<'static>| work();
    match tokio::task::spawn_blocking(move || work(slot)).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let password = Password::choose("correct horse", "ada", "ada@example.org").expect("long enough");
        let stored = hash(&password).await;
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse", Some(stored.clone())).await);
        assert!(!verify("correct house", Some(stored)).await);
        assert!(!verify("the password of nobody", None).await);
        assert!(!verify("anything", Some("not a hash".to_owned())).await);
    }

    #[tokio::test]
    async fn a_hash_of_another_program_matches() {
        let stored = Argon2::default().hash_password(b"correct horse").expect("constants").to_string();
        assert!(verify("correct horse", Some(stored)).await);
    }
}
