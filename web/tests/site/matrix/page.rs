//! `docs/roles.md`: the tables for operators to read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pawdium_shared::accounts::{Act, Standing};
use pawdium_web::http::acts::act_of;
use regex::Captures;
use strum::VariantArray as _;

use super::row::{PLACE, Role, Row, sections};
use super::things;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/roles.md");

const HEAD: &str = "\
# Who may do what

A test writes this page (`web/tests/site/matrix/`), and sends every request of it as everybody.

- **nobody** has no session, and to the API sends no token; **anonymous** has a user without an account;
- **member** is registered, **verified** has also verified the address, as have all that follow;
- **owner** is the member whose photo, comment, talk or profile it is, and belongs to the talk's hub;
- **hub member** and **hub owner** belong to the hub;
- **moderator** and **admin** have that role on the site.

✓ is done; *in* is asked to log in; 401 needs a token; 403 is not allowed; 404 doesn't exist for this viewer;
400 may do it, with what only a browser can make. With `@` goes a picture, with `#` an archive.
What stands in braces is explained [below](#what-the-words-in-braces-are).
";

/// What to do with the tables, beside testing them.
pub(super) fn flag() -> String {
    std::env::var("PAWDIUM_TEST_ROLES").unwrap_or_default()
}

/// A row's request in words.
fn request(row: &Row) -> String {
    let name = |text: &str| {
        PLACE.replace_all(text, |found: &Captures<'_>| format!("{{{}}}", &found[3])).into_owned()
    };
    let literal = |found: &Captures<'_>| match &found[2] {
        "=" => found[3].to_owned(),
        _ => found[0].to_owned(),
    };
    let path = name(&PLACE.replace_all(&row.path, literal));
    let body = name(&row.body);
    if body.is_empty() {
        format!("`{} {path}`", row.method)
    } else {
        format!("`{} {path}` `{body}`", row.method)
    }
}

/// What members may do while a sanction holds.
fn sanctioned() -> String {
    let mut part =
        "\n## What sanctioned members may do\n\nModerators who are sanctioned moderate nothing.\n\n\
                    | | silenced | suspended or banned |\n|---|:-:|:-:|\n"
            .to_owned();
    let changing: BTreeSet<_> = Row::all()
        .into_iter()
        .filter(Row::changes)
        .map(|row| (row.route(), row.method.to_string()))
        .collect();
    for act in Act::VARIANTS {
        let is_one = |(route, method): &&(String, String)| {
            act_of(&method.parse().expect("a method"), Some(route)) == *act
        };
        let which = match act {
            Act::Read => "every `GET`".to_owned(),
            Act::Publish => "everything else".to_owned(),
            _ => {
                let routes = changing.iter().filter(is_one);
                routes.map(|(route, method)| format!("`{method} {route}`")).collect::<Vec<_>>().join(", ")
            }
        };
        let cells = [Standing::Silenced, Standing::Barred]
            .map(|standing| if standing.allows(*act) { "✓" } else { "403" });
        writeln!(part, "| {which} | {} |", cells.join(" | ")).expect("it is a text");
    }
    part
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (heading, rows) in sections() {
        let roles: Vec<_> = Role::VARIANTS.iter().map(|role| role.name()).collect();
        let lines = "|:-:".repeat(roles.len());
        write!(page, "\n## {heading}\n\n| | {} |\n|---{lines}|\n", roles.join(" | ")).expect("it is a text");
        for row in rows {
            let cells = row.expected.iter().map(|outcome| match outcome.to_string().as_str() {
                "ok" => "✓".to_owned(),
                "in" => "*in*".to_owned(),
                status => status.to_owned(),
            });
            let cells: Vec<_> = cells.collect();
            writeln!(page, "| {} | {} |", request(&row), cells.join(" | ")).expect("it is a text");
        }
    }
    page += &sanctioned();
    page += "\n## What the words in braces are\n\n| word | what it is |\n|---|---|\n";
    for (name, about) in things::all() {
        writeln!(page, "| {name} | {about} |").expect("it is a text");
    }
    page
}

#[test]
fn the_page_for_operators_says_what_the_tables_say() {
    let page = page();
    if flag() == "write" {
        std::fs::write(FILE, &page).expect("docs/roles.md can be written");
    }
    let written = std::fs::read_to_string(FILE).expect("docs/roles.md is there");
    let differing = written.lines().zip(page.lines()).find(|(is, should)| is != should);
    assert!(
        written == page,
        "docs/roles.md is out of date, as in {differing:?}. Run this test with PAWDIUM_TEST_ROLES=write and commit it."
    );
}

#[test]
fn every_word_in_braces_is_explained_and_used() {
    let rows = Row::all();
    let used = |name: &str| {
        let texts = rows.iter().flat_map(|row| [&row.path, &row.body]);
        let names = texts.flat_map(|text| PLACE.captures_iter(text));
        names.filter(|found| &found[2] == ":").any(|found| &found[3] == name)
    };
    for (name, _) in things::all() {
        assert!(used(name), "no row names {name}");
    }
}
