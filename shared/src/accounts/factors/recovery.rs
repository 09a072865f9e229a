//! Recovery codes: ten random codes, each of which opens the account once instead of another second factor.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use sha2::{Digest as _, Sha256};

use super::{find, tell};
use crate::db::Tx;
use crate::ids::UserId;
use crate::jobs::mail::FactorChange;

/// How many there are.
pub const CODES: usize = 10;

/// 80 random bits each, so that nobody finds them by their hashes.
const BYTES: usize = 10;

/// The letters of a code.
const LETTERS: usize = 16;

/// Crockford's base32 in small letters: none looks like another.
static ENCODING: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification.translate.from.push_str("ABCDEFGHJKMNPQRSTVWXYZoOiIlL");
    specification.translate.to.push_str("abcdefghjkmnpqrstvwxyz001111");
    specification.encoding().expect("the symbols are a power of two and differ")
});

/// Replaces a user's recovery codes. Returns the new ones, which can't be read again. Lock the user's row first.
pub async fn renew(tx: &mut Tx, user: UserId) -> sqlx::Result<Vec<String>> {
    sqlx::query!("delete from recovery_codes where user_id = $1", user.0).execute(&mut **tx).await?;
    let random: Vec<[u8; BYTES]> = (0..CODES).map(|_| rand::random()).collect();
    let hashes: Vec<Vec<u8>> = random.iter().map(|code| hash(user, code).to_vec()).collect();
    sqlx::query!(
        "insert into recovery_codes (user_id, code_hash) select $1::bigint, unnest($2::bytea[])",
        user.0,
        &hashes,
    )
    .execute(&mut **tx)
    .await?;
    tell(tx, user, FactorChange::CodesMade).await?;
    Ok(random.iter().map(written).collect())
}

/// Uses up a code, and tells the user. Returns false if it is wrong, or was used. Lock the user's row first.
pub(super) async fn take(tx: &mut Tx, user: UserId, code: &str) -> sqlx::Result<bool> {
    let Some(code) = read(code) else { return Ok(false) };
    let used = sqlx::query!(
        "update recovery_codes set used_at = now() where user_id = $1 and code_hash = $2 and used_at is null",
        user.0,
        &hash(user, &code)[..],
    );
    if used.execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let left = find(tx, user).await?.codes;
    tell(tx, user, FactorChange::CodeUsed { left }).await?;
    Ok(true)
}

/// A code as people read it: four groups of four letters.
fn written(code: &[u8; BYTES]) -> String {
    let text = ENCODING.encode(code);
    let groups = text.as_bytes().chunks(LETTERS / 4).map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join("-")
}

/// A code as people type it.
fn read(text: &str) -> Option<[u8; BYTES]> {
    ENCODING.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn hash(user: UserId, code: &[u8; BYTES]) -> [u8; 32] {
    Sha256::new().chain_update(user.0.to_be_bytes()).chain_update(code).finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::codes::bare;
    use super::*;

    proptest! {
        #[test]
        fn a_code_is_read_as_it_was_written(code: [u8; BYTES]) {
            let written = written(&code);
            prop_assert_eq!(written.len(), LETTERS + 3);
            for typed in [written.clone(), written.to_uppercase(), written.replace('-', " "), written.replace('0', "O")] {
                prop_assert_eq!(read(&bare(&typed)), Some(code), "{}", typed);
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*") {
            let _ = read(&bare(&text));
        }
    }

    #[test]
    fn the_same_code_of_another_user_has_another_hash() {
        assert_ne!(hash(UserId(1), &[7; BYTES]), hash(UserId(2), &[7; BYTES]));
    }
}
