//! Names that would make a member look like the site itself.

/// Each in the form that [`folded`] returns.
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

/// Words that no part of a name may be, between separators: `real-admin`, `mod_team`.
const POSES: [&str; 7] = ["admin", "administrator", "mod", "moderator", "staff", "support", "sysadmin"];

/// A word that no member's name may contain.
const PRODUCT: &str = "pawdium";

/// Whether a name is reserved for the site, or looks like one that is.
pub(super) fn is_reserved(name: &str) -> bool {
    let is_listed = |name: &str| NAMES.iter().any(|reserved| folded(reserved) == name);
    let numbered = name.trim_end_matches(|last: char| last.is_ascii_digit());
    let parts = numbered.split(|letter: char| !letter.is_ascii_alphanumeric());
    let posing = |part: &str| POSES.iter().any(|pose| folded(pose) == folded(part));
    folded(name).contains(&folded(PRODUCT))
        || [name, numbered].into_iter().any(|name| is_listed(&folded(name)))
        || parts.into_iter().any(posing)
}

/// Removes separators and case, and replaces digits and pairs of letters by the letters that they resemble.
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
        .map(|letter| letter.to_ascii_lowercase())
        .collect::<String>()
        .replace("rn", "m")
        .replace("vv", "w")
        .replace("cl", "d")
        .chars()
        .map(alike)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_the_site_are_reserved() {
        for name in [
            "admin",
            "ADMIN",
            "Adm1n",
            "mod",
            "m0derator",
            "Sup-port",
            "r_o_o_t",
            "the-pawdium-team",
            "he1p",
            "adrnin",
            "rnoderator",
            "pavvdium",
            "the-admin",
            "real_admin",
            "mod-team",
            "support1",
            "admin2",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in
            ["ada", "mo", "modesty", "administrate", "rooty", "modest-mouse", "l11y", "fernandez", "clara7"]
        {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
