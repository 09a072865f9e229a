//! Why a vote doesn't count, in the cookie of messages.

use axum_extra::extract::cookie::{Cookie, SameSite};
use data_encoding::BASE64URL_NOPAD;
use pawdium_shared::ids::TalkId;

use super::COOKIE;
use crate::http::pins::Pins;
use crate::views::Flash;

/// The cookie that says on the next page, beside the talk, why a vote for it doesn't count. The site's seal keeps
/// others from making the site say something else.
#[must_use]
pub fn refused_vote(pins: &Pins, talk: TalkId, why: &str) -> Cookie<'static> {
    let text = BASE64URL_NOPAD.encode(format!("{talk} {why}").as_bytes());
    let seal = BASE64URL_NOPAD.encode(&pins.digest(&format!("{REFUSED}{text}")));
    let cookie = Cookie::build((COOKIE, format!("{REFUSED}{text}.{seal}")));
    cookie.path("/").http_only(true).same_site(SameSite::Lax).build()
}

/// How the value of such a cookie begins.
const REFUSED: &str = "Refused.";

/// The message in such a cookie's value.
pub(super) fn read_refused(pins: &Pins, value: &str) -> Option<Flash> {
    let (text, seal) = value.strip_prefix(REFUSED)?.split_once('.')?;
    let seal: [u8; 16] = BASE64URL_NOPAD.decode(seal.as_bytes()).ok()?.try_into().ok()?;
    // The seal is of a text that the visitor has seen, so comparing it may take as long as it takes.
    if seal != pins.digest(&format!("{REFUSED}{text}")) {
        return None;
    }
    let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    let (talk, why) = text.split_once(' ')?;
    Some(Flash { talk: talk.parse().ok(), ..Flash::bad(why) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_back_and_nobody_else_can_write_one() {
        let pins = |secret: &str| Pins::new(&secret.to_owned().into());
        let (ours, others) =
            (pins("a secret of thirty-two characters"), pins("another secret of as many of them"));
        let flash = |value: &str| read_refused(&ours, value).map(|flash| (flash.talk, flash.text));
        let cookie = refused_vote(&ours, TalkId(7), "Voting is over.");
        assert_eq!(flash(cookie.value()), Some((Some(7), "Voting is over.".to_owned())));
        assert_eq!(flash(refused_vote(&others, TalkId(7), "Buy this.").value()), None);
        for forged in ["Refused.", "Refused.x.y", "Refused..", &cookie.value()[..20], &cookie.value()[1..]] {
            assert_eq!(flash(forged), None, "{forged}");
        }
    }
}
