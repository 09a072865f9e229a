//! The demo's accounts, whose password is public.

/// An account that the demo creates and shows.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// Its name on the site.
    pub name: &'static str,
    /// The address to log in with.
    pub email: &'static str,
    /// Whether it is an admin.
    pub is_admin: bool,
}

/// More members, with the same password. They live in the hubs, and rate, join and leave while the demo runs.
pub const NEIGHBOURS: [Login; 14] = [
    Login::of_neighbour("fern", "fern@pawdium.example"),
    Login::of_neighbour("gus", "gus@pawdium.example"),
    Login::of_neighbour("hana", "hana@pawdium.example"),
    Login::of_neighbour("ivo", "ivo@pawdium.example"),
    Login::of_neighbour("juno", "juno@pawdium.example"),
    Login::of_neighbour("kit", "kit@pawdium.example"),
    Login::of_neighbour("lou", "lou@pawdium.example"),
    Login::of_neighbour("mika", "mika@pawdium.example"),
    Login::of_neighbour("nell", "nell@pawdium.example"),
    Login::of_neighbour("otis", "otis@pawdium.example"),
    Login::of_neighbour("pip", "pip@pawdium.example"),
    Login::of_neighbour("quinn", "quinn@pawdium.example"),
    Login::of_neighbour("rosa", "rosa@pawdium.example"),
    Login::of_neighbour("sol", "sol@pawdium.example"),
];

impl Login {
    const fn of_neighbour(name: &'static str, email: &'static str) -> Self {
        Self { name, email, is_admin: false }
    }
}

/// The password of all of them.
pub const PASSWORD: &str = "derpy-demo";

/// The accounts that the demo tells its visitors, the admin first.
pub const LOGINS: [Login; 5] = [
    Login { name: "ada", email: "ada@pawdium.example", is_admin: true },
    Login { name: "bo", email: "bo@pawdium.example", is_admin: false },
    Login { name: "cleo", email: "cleo@pawdium.example", is_admin: false },
    Login { name: "dex", email: "dex@pawdium.example", is_admin: false },
    Login { name: "emmy", email: "emmy@pawdium.example", is_admin: false },
];
