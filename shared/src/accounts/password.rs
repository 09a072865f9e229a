//! Passwords: which are allowed, and in which form they are compared.
//!
//! Systems encode the same text differently: macOS may send `ñ` as `n` and a tilde, others as one character. Passwords
//! are hashed in Unicode's form NFKC, as NIST SP 800-63B requires (section 5.1.1.2), so that both forms match.

use std::borrow::Cow;

use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use zxcvbn::{Score, zxcvbn};

use super::fields::{Refused, refuse};

const FIELD: &str = "password";

/// Words that attackers try first on this site.
const SITE: [&str; 3] = ["pawdium", "derpy", "derpiness"];

/// The word for "password" in other languages, which lists of common passwords rarely contain.
const CALLED: [&str; 51] = [
    "adgangskode",
    "contraseña",
    "contrassenya",
    "fjalëkalimi",
    "geslo",
    "hasło",
    "heslo",
    "jelszó",
    "katasandi",
    "kennwort",
    "kodeord",
    "lozinka",
    "lykilorð",
    "lösenord",
    "matkhau",
    "motdepasse",
    "parol",
    "parola",
    "parole",
    "parool",
    "pasahitza",
    "palavrapasse",
    "passord",
    "passwort",
    "pasvorto",
    "salasana",
    "senha",
    "slaptažodis",
    "şifre",
    "wachtwoord",
    "zaporka",
    "κωδικός",
    "συνθηματικό",
    "գաղտնաբառ",
    "лозинка",
    "парола",
    "пароль",
    "סיסמה",
    "סיסמא",
    "پسورد",
    "رمزعبور",
    "كلمةالسر",
    "كلمةالمرور",
    "पासवर्ड",
    "รหัสผ่าน",
    "პაროლი",
    "パスワード",
    "密码",
    "密碼",
    "비밀번호",
    "암호",
];

/// A new password: 8 to 200 characters that are hard to guess. NIST SP 800-63B requires a minimum length and rejects
/// common and related words; it doesn't require classes of characters.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Checks a new password for the user with this name and address. Takes milliseconds of CPU time.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn choose(text: &str, name: &str, email: &str) -> Result<Self, Refused> {
        let text = normal(text).into_owned();
        match text.chars().count() {
            0..8 => refuse(FIELD, "Use at least 8 characters; a few random words work well."),
            8..=200 if is_guessable(&text, name, email) => refuse(
                FIELD,
                "That password is too easy to guess. A few random words without your name work well.",
            ),
            8..=200 => Ok(Self(text.into())),
            _ => refuse(FIELD, "Use at most 200 characters."),
        }
    }

    /// Returns the text to hash.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Whether an attacker who knows the name and the address needs fewer than a million guesses. zxcvbn estimates this
/// from lists of common passwords, names and words, and common changes to them.
fn is_guessable(text: &str, name: &str, email: &str) -> bool {
    let mut known = vec![name, email];
    known.extend(email.split('@'));
    known.extend(email.split(['@', '.', '+', '-', '_']));
    known.extend(SITE);
    let bare = without_accents(text);
    let is_common = |text: &str| zxcvbn(text, &known).score() < Score::Two;
    if is_common(&bare) || (bare != text && is_common(text)) {
        return true;
    }
    known.extend(CALLED);
    is_made_of(text, &known)
}

/// Whether little is left of a text without these words, in any spelling.
fn is_made_of(text: &str, words: &[&str]) -> bool {
    let mut rest = folded(text);
    let mut words: Vec<_> = words.iter().map(|word| folded(word)).filter(|word| word.len() >= 4).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let had = rest.len();
    for word in words {
        rest = rest.replace(&word, "");
    }
    rest.len() < had && rest.chars().count() < 4
}

/// Removes case, accents and separators, and replaces characters that stand for letters: digits, and similar letters of
/// other alphabets.
fn folded(text: &str) -> String {
    let plain = |letter| match letter {
        '0' | 'о' | 'ο' => 'o',
        '1' | '!' | '|' | 'і' | 'ı' | 'ι' => 'i',
        '3' | 'е' => 'e',
        '4' | '@' | 'а' | 'α' => 'a',
        '5' | '$' | 'ѕ' => 's',
        '7' => 't',
        'р' => 'p',
        'с' => 'c',
        'у' => 'y',
        'х' => 'x',
        letter => letter,
    };
    let bare = without_accents(&text.to_lowercase());
    bare.chars().map(plain).filter(|letter| letter.is_alphanumeric()).collect()
}

/// Removes accents.
fn without_accents(text: &str) -> String {
    let bare = |letter| match letter {
        'ł' => 'l',
        'Ł' => 'L',
        'ø' => 'o',
        'Ø' => 'O',
        'đ' | 'ð' => 'd',
        'Đ' | 'Ð' => 'D',
        letter => letter,
    };
    text.nfd().filter(|letter| !is_combining_mark(*letter)).map(bare).nfc().collect()
}

/// Returns the form in which passwords are hashed.
fn normal(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// Returns the forms in which a password may have been hashed: normalised, and, by earlier versions, as typed.
pub(super) fn forms(text: &str) -> Vec<Cow<'_, str>> {
    let normal = normal(text);
    let typed = Cow::Borrowed(text);
    if normal == typed { vec![typed] } else { vec![normal, typed] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Password, Refused> {
        Password::choose(text, "adalovelace", "ada.byron@engines.example")
    }

    #[test]
    fn length_is_what_counts() {
        let long = "It looks into the camera, sees a leaf, and forgets what it was about to do; then it falls off the \
                    sofa, as cats do when nobody has told them where the edge is, and pretends that this was the plan.";
        for good in [
            "8 chars!",
            "derpy but long enough",
            "correct horse",
            "mañana mañana",
            "adalovelace likes otters",
            long,
        ] {
            assert!(choose(good).is_ok(), "{good}");
        }
        for bad in ["7 chars", "", &long.repeat(2)] {
            assert!(choose(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn easily_guessed_passwords_are_refused() {
        for common in [
            "aaaaaaaa",
            "password",
            "Passw0rd",
            "12345678",
            "qwertyuiop",
            "iloveyou1",
            "sunshine",
            "abcdefgh",
        ] {
            assert_eq!(choose(common).expect_err(common).field, "password");
        }
        for own in [
            "adalovelace",
            "AdaLovelace",
            "ada.byron@engines.example",
            "adabyron",
            "lovelaceada",
            "pawdium1",
            "ada.byron",
            "ada-byron-1",
            "engines.example",
            "4d4l0v3l4c3",
            "adalovelaceadalovelace",
            "Ada_Lovelace_99",
        ] {
            assert!(choose(own).is_err(), "{own}");
        }
        assert!(Password::choose("adalovelace", "grace", "grace@example.org").is_ok(), "it isn't hers");
    }

    #[test]
    fn the_word_for_password_is_refused_in_any_language_and_spelling() {
        for called in [
            "contraseña",
            "contrasena",
            "Contrasen\u{303}a1",
            "C0NTRASEÑA!",
            "passwort",
            "Passwort12",
            "motdepasse",
            "mot de passe",
            "senhasenha",
            "Senha123!",
            "lösenord",
            "losenord1",
            "hasłohasło",
            "haslohaslo",
            "парольпароль",
            "пар0ль12",
            "парoль12",
            "jelszó12",
            "密码密码密码密码",
            "パスワードパスワード",
        ] {
            assert!(choose(called).is_err(), "{called}");
        }
        for accented in ["pàsswörd", "íloveyóu1", "súnshíne"] {
            assert!(choose(accented).is_err(), "{accented}");
        }
        for good in ["mañana temprano", "la contraseña de mi gata", "größer als gedacht"] {
            assert!(choose(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn one_text_has_one_form() {
        let (composed, apart, wide) = ("mañana 1", "man\u{303}ana 1", "ｍañana\u{a0}1");
        for typed in [composed, apart, wide] {
            assert_eq!(choose(typed).expect("long enough").expose(), composed);
        }
        assert_eq!(forms(apart), [composed, apart]);
        assert_eq!(forms(composed), [composed]);
        assert_eq!(forms("plain"), ["plain"]);
    }
}
