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

/// The password of all of them.
pub const PASSWORD: &str = "derpy-demo";

/// All accounts, the admin first.
pub const LOGINS: [Login; 5] = [
    Login { name: "ada", email: "ada@pawdium.example", is_admin: true },
    Login { name: "bo", email: "bo@pawdium.example", is_admin: false },
    Login { name: "cleo", email: "cleo@pawdium.example", is_admin: false },
    Login { name: "dex", email: "dex@pawdium.example", is_admin: false },
    Login { name: "emmy", email: "emmy@pawdium.example", is_admin: false },
];
