//! Names that would make their member look like the site itself.

/// Each as [`folded`] has it.
const NAMES: [&str; 46] = [
    "abuse",
    "account",
    "accounts",
    "admin",
    "administration",
    "administrator",
    "admins",
    "anonymous",
    "api",
    "billing",
    "bot",
    "contact",
    "deleted",
    "everybody",
    "everyone",
    "help",
    "helpdesk",
    "hostmaster",
    "info",
    "mod",
    "moderation",
    "moderator",
    "moderators",
    "mods",
    "nobody",
    "noreply",
    "official",
    "operator",
    "owner",
    "postmaster",
    "privacy",
    "root",
    "security",
    "service",
    "settings",
    "site",
    "staff",
    "superuser",
    "support",
    "sysadmin",
    "sysop",
    "system",
    "team",
    "webmaster",
    "webteam",
    "www",
];

/// What no member's name may hold.
const PRODUCT: &str = "pawdium";

/// Whether a name is the site's own, also if it is only written to look like it.
pub(super) fn is_reserved(name: &str) -> bool {
    let name = folded(name);
    name.contains(&folded(PRODUCT)) || NAMES.iter().any(|reserved| folded(reserved) == name)
}

/// Without separators and case, and with letters for the digits that look like them.
fn folded(name: &str) -> String {
    let alike = |letter| match letter {
        '0' => 'o',
        '1' | 'l' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        letter => letter,
    };
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| alike(letter.to_ascii_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_the_site_is_reserved() {
        for name in
            ["admin", "ADMIN", "Adm1n", "mod", "m0derator", "Sup-port", "r_o_o_t", "the-pawdium-team", "he1p"]
        {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["ada", "mo", "modesty", "administrate", "rooty", "admin2", "l11y"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
