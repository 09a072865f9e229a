//! `pawdium user warn`, `silence`, `suspend`, `ban`, `lift` and `sanctions`

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use pawdium_shared::accounts::User as Account;
use pawdium_shared::audit::Actor;
use pawdium_shared::db::{Db, retry_conflicts};
use pawdium_shared::moderation::blocked::Reason;
use pawdium_shared::moderation::sanctions::{
    self, Content, NewSanction, Refusal, Sanction, SanctionKind, Terms, list,
};
use sqlx::PgConnection;

use super::table::{instant, table};
use super::user::find;

/// The commands about sanctions.
#[derive(Debug, Subcommand)]
pub(crate) enum Sanctions {
    /// Warn a member, who gets a mail with the reason
    Warn {
        /// The member's public name or address
        #[arg(value_name = "NAME|EMAIL")]
        account: String,
        /// What the member reads
        #[arg(long)]
        reason: String,
    },
    /// Silence a member, who may still read, and rate with weight 0
    Silence(Restriction),
    /// Suspend a member, who can't log in meanwhile; all sessions end
    Suspend(Restriction),
    /// Ban a member, who can't log in, and whose ratings are withdrawn until the ban is lifted
    Ban {
        /// The member's public name or address
        #[arg(value_name = "NAME|EMAIL")]
        account: String,
        /// What the member reads
        #[arg(long)]
        reason: String,
        /// What becomes of photos, comments and talks: keep or hide
        #[arg(long, default_value = "keep", value_parser = content)]
        content: Content,
    },
    /// Lift a member's sanctions, and give back all that they took
    Lift {
        /// The member's public name or address
        #[arg(value_name = "NAME|EMAIL")]
        account: String,
        /// Only the sanction with this number
        #[arg(long, value_name = "NUMBER")]
        only: Option<i64>,
    },
    /// List a member's sanctions, newest first, with appeals
    #[command(name = "sanctions")]
    List {
        /// The member's public name or address
        #[arg(value_name = "NAME|EMAIL")]
        account: String,
    },
}

/// A silence or a suspension.
#[derive(Debug, Args)]
pub(crate) struct Restriction {
    /// The member's public name or address
    #[arg(value_name = "NAME|EMAIL")]
    account: String,
    /// What the member reads
    #[arg(long)]
    reason: String,
    /// When it ends, in UTC: 2027-03-01 or 2027-03-01T12:00:00Z; without it or --for it has no end
    #[arg(long, value_name = "TIME", value_parser = end, conflicts_with = "for_")]
    until: Option<DateTime<Utc>>,
    /// For how long: 90m, 12h, 7d or 4w
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    for_: Option<TimeDelta>,
    /// What becomes of photos, comments and talks: keep or hide
    #[arg(long, default_value = "keep", value_parser = content)]
    content: Content,
}

impl Sanctions {
    /// Runs the command. Returns what to print.
    pub(crate) async fn run(self, pool: &Db, operator: &str) -> Result<String> {
        let actor = Actor::Operator(operator);
        match self {
            Self::Warn { account, reason } => {
                impose(pool, actor, &account, &reason, (SanctionKind::Warn, Content::Keep, None)).await
            }
            Self::Silence(given) => restrict(pool, actor, SanctionKind::Silence, given).await,
            Self::Suspend(given) => restrict(pool, actor, SanctionKind::Suspend, given).await,
            Self::Ban { account, reason, content } => {
                impose(pool, actor, &account, &reason, (SanctionKind::Ban, content, None)).await
            }
            Self::Lift { account, only } => lift(pool, actor, &account, only).await,
            Self::List { account } => show(&mut *pool.acquire().await?, &account).await,
        }
    }
}

async fn restrict(pool: &Db, actor: Actor<'_>, kind: SanctionKind, given: Restriction) -> Result<String> {
    let until = given.until.or(given.for_.map(|time| Utc::now() + time));
    impose(pool, actor, &given.account, &given.reason, (kind, given.content, until)).await
}

async fn impose(
    pool: &Db,
    actor: Actor<'_>,
    account: &str,
    reason: &str,
    (kind, content, until): (SanctionKind, Content, Option<DateTime<Utc>>),
) -> Result<String> {
    let reason = Reason::new(reason).map_err(|message| anyhow!(message))?;
    let terms = Terms::new(kind, content, until, Utc::now())?;
    let user = find(&mut *pool.acquire().await?, account).await?;
    let new = NewSanction { user: user.id, terms, reason, case: None };
    let sanction = retry_conflicts(async || {
        let mut tx = pool.begin().await?;
        let sanction = sanctions::impose(&mut tx, actor, &new).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(sanction)
    });
    let sanction = sanction.await?;
    let end = until.map_or_else(String::new, |until| format!(" until {} UTC", instant(until)));
    Ok(format!("{} is {}{end} (sanction {sanction}).", name_of(user), kind.done()))
}

async fn lift(pool: &Db, actor: Actor<'_>, account: &str, only: Option<i64>) -> Result<String> {
    let user = find(&mut *pool.acquire().await?, account).await?;
    let lifted = retry_conflicts(async || {
        let mut tx = pool.begin().await?;
        let lifted = match only {
            None => sanctions::lift_all(&mut tx, actor, user.id).await?,
            Some(only) => {
                let found = list::of_user(&mut tx, user.id).await?;
                let found = found.iter().find(|found| found.id.0 == only).ok_or(Refusal::Gone)?;
                sanctions::lift(&mut tx, actor, found.id).await?;
                1
            }
        };
        tx.commit().await?;
        Ok::<_, Refusal>(lifted)
    });
    let lifted = match lifted.await {
        Err(Refusal::Gone) => bail!("this member has no such sanction; `pawdium user sanctions` lists them"),
        lifted => lifted?,
    };
    let name = name_of(user);
    match lifted {
        0 => bail!("no sanction of {name} holds; `pawdium user sanctions {name}` lists them"),
        1 => Ok(format!("Lifted a sanction of {name}. What it took away comes back within a minute.")),
        lifted => Ok(format!(
            "Lifted {lifted} sanctions of {name}. What they took away comes back within a minute."
        )),
    }
}

async fn show(db: &mut PgConnection, account: &str) -> Result<String> {
    let user = find(db, account).await?;
    let found = list::of_user(db, user.id).await?;
    if found.is_empty() {
        return Ok(format!("{} has never been sanctioned.", name_of(user)));
    }
    let rows: Vec<_> = found.into_iter().map(row).collect();
    let text = table(["NUMBER", "WHEN", "WHAT", "UNTIL", "STATE", "BY", "APPEAL", "REASON"], &rows);
    Ok(text.trim_end().to_owned())
}

fn row(sanction: Sanction) -> [String; 8] {
    let state = match (sanction.in_force, &sanction.lifter) {
        (true, _) => "in force".to_owned(),
        (false, Some(lifter)) => format!("lifted by {lifter}"),
        (false, None) => "over".to_owned(),
    };
    let appeal = match (sanction.appeal.is_some(), sanction.accepted) {
        (false, _) => "",
        (true, None) => "waits",
        (true, Some(true)) => "accepted",
        (true, Some(false)) => "refused",
    };
    let what = match sanction.content {
        Content::Keep => sanction.kind.name().to_owned(),
        Content::Hide => format!("{}, hides content", sanction.kind.name()),
    };
    [
        sanction.id.to_string(),
        instant(sanction.imposed_at),
        what,
        sanction.until.map_or_else(|| "no end".to_owned(), instant),
        state,
        sanction.imposer,
        appeal.to_owned(),
        sanction.reason,
    ]
}

fn name_of(user: Account) -> String {
    user.name.unwrap_or_default()
}

fn content(text: &str) -> Result<Content, String> {
    text.parse().map_err(|_| "it is keep or hide".to_owned())
}

/// Reads a day, at whose beginning the sanction ends, or a time.
fn end(text: &str) -> Result<DateTime<Utc>> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let time = DateTime::parse_from_rfc3339(text);
    Ok(time.context("write a day like 2027-03-01, or a time like 2027-03-01T12:00:00Z")?.to_utc())
}

/// Reads a number of minutes, hours, days or weeks.
fn duration(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "write a time like 90m, 12h, 7d or 4w".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number: u32 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let number = i64::from(number);
    let time = match unit {
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        'w' => TimeDelta::try_weeks(number),
        _ => None,
    };
    // So far in the future, no date can be computed.
    time.filter(|time| number > 0 && *time < TimeDelta::days(36_600)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(duration("90m"), Ok(TimeDelta::minutes(90)));
        assert_eq!(duration("4w"), Ok(TimeDelta::weeks(4)));
        for bad in ["", "d", "7", "0d", "-1d", "7 d", "7y", "4294967295w", "ä", "7ä"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(end("2027-03-01").expect("a day").to_rfc3339(), "2027-03-01T00:00:00+00:00");
        assert_eq!(
            end("2027-03-01T12:00:00+01:00").expect("a time").to_rfc3339(),
            "2027-03-01T11:00:00+00:00"
        );
        for bad in ["", "tomorrow", "2027-13-01", "2027-03-01 12:00"] {
            assert!(end(bad).is_err(), "{bad}");
        }
    }
}
