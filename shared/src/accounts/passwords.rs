//! Password hashes: argon2id with the parameters of OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane).

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

use super::Password;

/// Each hash takes 19 MiB and a core for tens of milliseconds; more at once would only queue up in worse places.
static SLOTS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)));

/// What an unknown address is checked against, so that its answer takes as long as a wrong password's.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("the password of nobody"));

/// Hashes a new password, away from the async threads.
pub async fn hash(password: &Password) -> String {
    let password = password.expose().to_owned();
    on_a_blocking_thread(move || hash_now(&password)).await
}

/// Whether `password` is the one behind `hash`. Without a hash the answer is no, after the same work.
pub async fn verify(password: &str, hash: Option<String>) -> bool {
    let password = password.to_owned();
    on_a_blocking_thread(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        matches && known
    })
    .await
}

fn hash_now(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("hashing fails only for parameters out of range, and these are constants")
        .to_string()
}

async fn on_a_blocking_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _slot = SLOTS.acquire().await.expect("the semaphore is never closed");
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
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
}
