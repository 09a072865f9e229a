//! Which connection failures pass by themselves, and what to do about the others.

use sqlx::Error;
use sqlx::postgres::PgConnectOptions;

/// What to do about a connection failure that waiting won't fix; `None` if the server may be starting or unreachable.
#[must_use]
pub fn what_to_do(error: &Error, options: &PgConnectOptions) -> Option<String> {
    let role = options.get_username();
    let database = options.get_database().unwrap_or(role);
    match error {
        Error::Database(error) => advice(&error.code()?, role, database),
        Error::Configuration(_) | Error::Tls(_) | Error::Protocol(_) => {
            Some("Correct database.url.".to_owned())
        }
        _ => None,
    }
}

fn advice(code: &str, role: &str, database: &str) -> Option<String> {
    Some(match code {
        "3D000" => format!(
            "There is no database {database}. Make it with `sudo -u postgres createdb -O {role} {database}`, or correct \
             database.url."
        ),
        "28P01" => format!("Correct the password of {role} in the credential database.url."),
        code if code.starts_with("28") => format!(
            "Postgres does not let {role} in. Without a password it lets in whom the operating system knows by the \
             role's name: make the role with `sudo -u postgres createuser {role}`, run this as that user, or name another \
             one in database.url. pg_hba.conf of Postgres says who may come in how."
        ),
        "42501" => format!("Allow {role} to connect: `grant connect on database {database} to {role}`."),
        // Starting, stopping, crashed or out of connections: these pass.
        "57P03" | "57P01" | "57P02" | "53300" => return None,
        code if code.starts_with("08") => return None,
        _ => "Look at what Postgres says, and correct database.url.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_temporary_failures_are_waited_for() {
        for code in ["57P03", "57P01", "53300", "08006"] {
            assert_eq!(advice(code, "paw", "pawdium"), None, "{code}");
        }
        for (code, says) in [
            ("3D000", "createdb -O paw pawdium"),
            ("28000", "createuser paw"),
            ("28P01", "password of paw"),
            ("42501", "grant connect"),
            ("0A000", "database.url"),
        ] {
            let advice = advice(code, "paw", "pawdium").unwrap_or_default();
            assert!(advice.contains(says), "{code}: {advice}");
        }
    }
}
