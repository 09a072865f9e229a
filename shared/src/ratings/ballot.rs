//! Ballots: the signed permission to rate the photo that was served.
//!
//! A ballot contains the photo and the number of its picture, the rater, the lane and the time of issue, under an
//! HMAC-SHA-256 (RFC 2104) truncated to 128 bits. It is single use without being stored: a rating remembers when its
//! ballot was issued, and an equal or older ballot for the same photo and rater is used up.
//!
//! A first ballot is on a page that was served to nobody known, so no cookie tells whose it is: who presents it has its
//! key. It has another seal.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use super::Lane;
use crate::accounts::RaterKey;
use crate::ids::PhotoId;
use crate::photos::Photo;

/// How long a ballot is valid.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

const BODY: usize = 27;

/// The length of ballots from before photos could change their pictures, which are for the first.
const FIRST_PICTURE_BODY: usize = 25;

const SEAL: usize = 16;

/// A photo with the picture that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The photo.
    pub photo: PhotoId,
    /// The number of the picture.
    pub picture: i16,
}

impl Shown {
    /// The picture that a photo shows now.
    #[must_use]
    pub fn of(photo: &Photo) -> Self {
        Self { photo: photo.id, picture: photo.picture }
    }
}

/// Permission to rate one photo once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// The photo.
    pub photo: PhotoId,
    /// The number of the picture that was shown.
    pub picture: i16,
    /// The rater: a key and not a user id, because a visitor has a key before there is a user.
    pub rater: RaterKey,
    /// How the photo was served.
    pub lane: Lane,
    /// When it was issued, in whole microseconds, as in Postgres.
    pub issued_at: DateTime<Utc>,
}

/// Why a ballot is invalid.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BallotRefused {
    /// Forged, or for another photo or rater.
    #[error("This ballot isn't valid for this photo; load the page again.")]
    Forged,
    /// Older than a day.
    #[error("This page has been open for too long; load it again.")]
    Expired,
    /// The photo shows another picture than the one that was served.
    #[error("This photo has a new picture; load the page again to see and rate it.")]
    Changed,
    /// It was used, or a later one was.
    #[error("This ballot has been used; load the page again to change your rating.")]
    Used,
}

/// Issues and opens ballots.
#[derive(Clone)]
pub struct Ballots {
    key: Hmac<Sha256>,
    first: Hmac<Sha256>,
}

impl std::fmt::Debug for Ballots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ballots")
    }
}

impl Ballots {
    /// Creates ballots under the site's secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        let first = key.clone().chain_update(b"pawdium first ballot v1");
        Self { key: key.chain_update(b"pawdium ballot v1"), first }
    }

    /// Issues a ballot for a photo that is served now, with this picture.
    #[must_use]
    pub fn issue(&self, shown: Shown, rater: RaterKey, lane: Lane, now: DateTime<Utc>) -> String {
        Self::seal(&self.key, shown, rater, lane, now)
    }

    /// Issues a ballot for a photo that is served now to somebody without a cookie, under a new key.
    #[must_use]
    pub fn issue_first(&self, shown: Shown, rater: RaterKey, now: DateTime<Utc>) -> String {
        Self::seal(&self.first, shown, rater, Lane::Random, now)
    }

    fn seal(key: &Hmac<Sha256>, shown: Shown, rater: RaterKey, lane: Lane, now: DateTime<Utc>) -> String {
        let mut bytes = [0; BODY + SEAL];
        let (body, seal) = bytes.split_at_mut(BODY);
        body[..8].copy_from_slice(&shown.photo.0.to_be_bytes());
        body[8..16].copy_from_slice(&rater.0.to_be_bytes());
        body[16] = lane as u8;
        body[17..25].copy_from_slice(&now.timestamp_micros().to_be_bytes());
        body[25..].copy_from_slice(&shown.picture.to_be_bytes());
        seal.copy_from_slice(&key.clone().chain_update(&*body).finalize().into_bytes()[..SEAL]);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Verifies a ballot for `photo`. The caller checks that its rater is the one who presents it.
    ///
    /// # Errors
    /// [`BallotRefused`]. Recording the rating checks that the ballot is unused.
    pub fn open(&self, text: &str, photo: PhotoId, now: DateTime<Utc>) -> Result<Ballot, BallotRefused> {
        check(Self::unseal(&self.key, text), photo, now)
    }

    /// Verifies a first ballot for `photo`. The rater is the visitor who sends it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_first(
        &self,
        text: &str,
        photo: PhotoId,
        now: DateTime<Utc>,
    ) -> Result<Ballot, BallotRefused> {
        check(Self::unseal(&self.first, text), photo, now)
    }

    /// The photo and the key of a first ballot that is not too old, for what its page asks before a rating.
    #[must_use]
    pub fn peek_first(&self, text: &str, now: DateTime<Utc>) -> Option<Ballot> {
        let ballot = Self::unseal(&self.first, text)?;
        check(Some(ballot), ballot.photo, now).ok()
    }

    fn unseal(key: &Hmac<Sha256>, text: &str) -> Option<Ballot> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (body, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL)?)?;
        let picture = match body.len() {
            BODY => i16::from_be_bytes(body[25..].try_into().ok()?),
            FIRST_PICTURE_BODY => 1,
            _ => return None,
        };
        key.clone().chain_update(body).verify_truncated_left(seal).ok()?;
        Some(Ballot {
            photo: PhotoId(i64::from_be_bytes(body[..8].try_into().ok()?)),
            picture,
            rater: RaterKey(i64::from_be_bytes(body[8..16].try_into().ok()?)),
            lane: [Lane::Random, Lane::Fresh, Lane::Link].into_iter().find(|lane| *lane as u8 == body[16])?,
            issued_at: DateTime::from_timestamp_micros(i64::from_be_bytes(body[17..25].try_into().ok()?))?,
        })
    }
}

fn check(ballot: Option<Ballot>, photo: PhotoId, now: DateTime<Utc>) -> Result<Ballot, BallotRefused> {
    let ballot = ballot.filter(|ballot| ballot.photo == photo).ok_or(BallotRefused::Forged)?;
    if now - ballot.issued_at > LIFETIME { Err(BallotRefused::Expired) } else { Ok(ballot) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ballots() -> Ballots {
        Ballots::new(&"a secret of at least thirty-two characters".to_owned().into())
    }

    fn shown() -> Shown {
        Shown { photo: PhotoId(7), picture: 3 }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_800_000_000_000_000).expect("in range")
    }

    #[test]
    fn a_ballot_opens_for_its_photo_and_rater_within_a_day() {
        let text = ballots().issue(shown(), RaterKey(-3), Lane::Fresh, now());
        let open = |photo, at| ballots().open(&text, PhotoId(photo), at);
        let ballot = open(7, now() + TimeDelta::hours(23)).expect("ours");
        assert_eq!((ballot.rater, ballot.lane, ballot.issued_at), (RaterKey(-3), Lane::Fresh, now()));
        assert_eq!(ballot.picture, 3);
        assert_eq!(open(8, now()), Err(BallotRefused::Forged));
        assert_eq!(open(7, now() + TimeDelta::hours(25)), Err(BallotRefused::Expired));
    }

    #[test]
    fn a_ballot_from_before_pictures_were_counted_is_for_the_first() {
        let mut body = [0; FIRST_PICTURE_BODY];
        body[..8].copy_from_slice(&7_i64.to_be_bytes());
        body[17..].copy_from_slice(&now().timestamp_micros().to_be_bytes());
        body[16] = Lane::Random as u8;
        let seal = ballots().key.clone().chain_update(body).finalize().into_bytes();
        let text = BASE64URL_NOPAD.encode(&[&body[..], &seal[..SEAL]].concat());
        assert_eq!(ballots().open(&text, PhotoId(7), now()).expect("ours").picture, 1);
    }

    #[test]
    fn another_sites_ballot_is_forged() {
        let other = Ballots::new(&"another secret of more than thirty-two characters".to_owned().into());
        let text = other.issue(shown(), RaterKey(1), Lane::Random, now());
        assert_eq!(ballots().open(&text, PhotoId(7), now()), Err(BallotRefused::Forged));
    }

    #[test]
    fn a_first_ballot_is_no_other_ballot() {
        let first = ballots().issue_first(shown(), RaterKey(3), now());
        assert_eq!(
            ballots().open_first(&first, PhotoId(7), now()).map(|ballot| ballot.rater),
            Ok(RaterKey(3))
        );
        assert_eq!(ballots().open(&first, PhotoId(7), now()), Err(BallotRefused::Forged));
        assert_eq!(ballots().open_first(&first, PhotoId(8), now()), Err(BallotRefused::Forged));
        let late = now() + TimeDelta::hours(25);
        assert_eq!(ballots().open_first(&first, PhotoId(7), late), Err(BallotRefused::Expired));
        assert_eq!(ballots().peek_first(&first, now()).map(|ballot| ballot.photo), Some(PhotoId(7)));
        let other = ballots().issue(shown(), RaterKey(3), Lane::Random, now());
        assert_eq!(ballots().open_first(&other, PhotoId(7), now()), Err(BallotRefused::Forged));
        assert_eq!(ballots().peek_first(&first, late).or(ballots().peek_first(&other, now())), None);
    }

    proptest! {
        #[test]
        fn no_changed_bit_goes_unnoticed(bit in 0_usize..(BODY + SEAL) * 8) {
            let text = ballots().issue(shown(), RaterKey(1), Lane::Random, now());
            let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).expect("ours");
            bytes[bit / 8] ^= 1 << (bit % 8);
            let forged = BASE64URL_NOPAD.encode(&bytes);
            prop_assert!(Ballots::unseal(&ballots().key, &forged).is_none());
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC*") {
            prop_assert!(Ballots::unseal(&ballots().key, &text).is_none());
        }
    }
}
