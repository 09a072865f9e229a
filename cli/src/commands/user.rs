//! `pawdium user`

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::{Email, Name, Role, User as Account, factors, passwords, proof, queries};
use pawdium_shared::audit::{self, Action, Actor};
use pawdium_shared::db;
use pawdium_shared::ids::UserId;
use pawdium_shared::mask::printable;
use pawdium_shared::security::{self, Grant};
use serde_json::json;
use sqlx::PgConnection;

use super::sanctions::Sanctions;
use super::{operator, password, sessions};

/// Create accounts, change roles, print reset links, remove second factors, end sessions, and sanction members
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Create an account; its address counts as verified
    ///
    /// The password is asked for at the terminal, or read from standard input:
    ///
    ///     pawdium user create --name ada --email ada@example.org --admin
    Create {
        /// The public name: 2 to 30 letters, digits, - or _
        #[arg(long)]
        name: String,
        /// The address to log in with
        #[arg(long)]
        email: String,
        /// Make the account an admin, who can do everything
        #[arg(long)]
        admin: bool,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change an account's role: member, moderator or admin
    Promote {
        /// The account's public name
        name: String,
        /// The new role
        #[arg(value_name = "ROLE")]
        role: Role,
    },
    /// Print a link to choose a new password, for you to hand over
    ///
    /// It works once, within 30 minutes, for anyone who has it. Make sure that you give it to the right person.
    ResetLink {
        /// The account's public name or address
        #[arg(value_name = "NAME|EMAIL")]
        account: String,
    },
    /// Remove the authenticator app, passkeys and recovery codes of somebody who has lost them
    ///
    /// Afterwards the password is enough to log in. The member gets a mail. Make sure that it is really the account's
    /// owner who asks you.
    ResetFactors {
        /// The account's public name or address
        #[arg(value_name = "NAME|EMAIL")]
        account: String,
    },
    /// List where an account is logged in, and its API tokens
    Sessions {
        /// The account's public name or address
        #[arg(value_name = "NAME|EMAIL")]
        account: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End all sessions of an account, and what its open pages hear
    EndSessions {
        /// The account's public name or address
        #[arg(value_name = "NAME|EMAIL")]
        account: String,
        /// End its API tokens, too
        #[arg(long)]
        tokens: bool,
    },
    #[command(flatten)]
    Sanctions(Sanctions),
}

impl User {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = operator::settings()?;
        let (pool, operator) = (operator::pool(&config, "pawdium user")?, operator::name());
        let said = match self {
            Self::Create { name, email, admin, password_stdin } => {
                let (name, email) = (Name::new(&name)?, Email::new(&email)?);
                let typed = password::read(password_stdin, &name, &email)?;
                let hash = passwords::hash(&typed).await;
                let mut tx = pool.begin().await?;
                let user = create(&mut tx, &name, &email, &hash, admin).await?;
                let detail = json!({"user": name.as_str(), "role": role(admin)});
                audit::record(&mut tx, Actor::Operator(&operator), Action::CreateUser, &detail).await?;
                tx.commit().await?;
                security::note_operator(&operator, Grant::Role(role(admin)), user);
                format!("Created the {} {} (user {user}).", role(admin), name.as_str())
            }
            Self::Promote { name, role } => {
                let mut tx = pool.begin().await?;
                let user = find(&mut tx, &name).await?;
                queries::set_role(&mut tx, user.id, role).await?;
                let detail = json!({"user": user.name, "role": role, "before": user.role});
                audit::record(&mut tx, Actor::Operator(&operator), Action::ChangeRole, &detail).await?;
                tx.commit().await?;
                security::note_operator(&operator, Grant::Role(role), user.id);
                format!("{} is now {role}; before: {}.", user.name.unwrap_or_default(), user.role)
            }
            Self::ResetLink { account } => {
                let mut tx = pool.begin().await?;
                let user = find(&mut tx, &account).await?;
                let email = user.email.context("this account has no address")?;
                let token = links::issue(&mut tx, user.id, &email, Purpose::Reset).await?;
                let detail = json!({"user": user.name});
                audit::record(&mut tx, Actor::Operator(&operator), Action::MakeResetLink, &detail).await?;
                tx.commit().await?;
                security::note_operator(&operator, Grant::ResetLink, user.id);
                links::url(&config.web.base_url, Purpose::Reset, &token).to_string()
            }
            Self::Sanctions(command) => command.run(&pool, &operator).await?,
            Self::ResetFactors { account } => {
                let mut tx = pool.begin().await?;
                let user = find(&mut tx, &account).await?;
                proof::lock(&mut tx, &[user.id]).await?;
                let had = factors::reset(&mut tx, user.id).await?;
                let name = user.name.unwrap_or_default();
                if !had.any() {
                    bail!("{name} has no second factor");
                }
                let detail = json!({"user": name, "app": had.totp.is_some(), "passkeys": had.passkeys});
                audit::record(&mut tx, Actor::Operator(&operator), Action::ResetFactors, &detail).await?;
                tx.commit().await?;
                security::note_operator(&operator, Grant::NoFactors, user.id);
                format!("{name} has no second factor any more: the password is enough to log in.")
            }
            Self::Sessions { account, json } => {
                let user = find(&mut *pool.acquire().await?, &account).await?;
                sessions::list(&pool, &user, json).await?;
                return Ok(ExitCode::SUCCESS);
            }
            Self::EndSessions { account, tokens } => {
                let user = find(&mut *pool.acquire().await?, &account).await?;
                sessions::end(&pool, &operator, &user, tokens).await?
            }
        };
        println!("{said}");
        Ok(ExitCode::SUCCESS)
    }
}

const fn role(admin: bool) -> Role {
    if admin { Role::Admin } else { Role::Member }
}

async fn create(
    db: &mut PgConnection,
    name: &Name,
    email: &Email,
    hash: &str,
    admin: bool,
) -> Result<UserId> {
    let user = match queries::register(db, None, name, email, hash).await {
        Ok(user) => user,
        Err(error) if db::violates(&error, queries::NAME_TAKEN) => {
            bail!("the name {} is taken; choose another", name.as_str())
        }
        Err(error) if db::violates(&error, queries::EMAIL_TAKEN) => bail!(
            "{} belongs to an account already; `pawdium user reset-link` lets its owner in",
            email.as_str()
        ),
        Err(error) => return Err(error).context("creating the account"),
    };
    queries::verify_email(db, user).await?;
    queries::set_role(db, user, role(admin)).await?;
    Ok(user)
}

pub(super) async fn find(db: &mut PgConnection, account: &str) -> Result<Account> {
    let found = if account.contains('@') {
        queries::find_by_email(db, account).await?
    } else {
        queries::find_by_name(db, account).await?
    };
    found.with_context(|| {
        format!(
            "there is no account {}; names and addresses must match exactly, except for case",
            printable(account)
        )
    })
}
