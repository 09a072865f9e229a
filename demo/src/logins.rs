//! The accounts of a demonstration whose passwords everybody may know.

/// An account that the demo makes and shows.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// Its name on the site.
    pub name: &'static str,
    /// The address to log in with.
    pub email: &'static str,
    /// Whether it sees the admin pages.
    pub is_admin: bool,
}

/// The one password of all of them.
pub const PASSWORD: &str = "derpy-demo";

/// Who is shown, the admin first.
pub const LOGINS: [Login; 5] = [
    Login { name: "ada", email: "ada@pawdium.example", is_admin: true },
    Login { name: "bo", email: "bo@pawdium.example", is_admin: false },
    Login { name: "cleo", email: "cleo@pawdium.example", is_admin: false },
    Login { name: "dex", email: "dex@pawdium.example", is_admin: false },
    Login { name: "emmy", email: "emmy@pawdium.example", is_admin: false },
];
