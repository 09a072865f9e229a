//! Connects to each outside system in the settings the way the services do.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use pawdium_queue::Process;
use pawdium_shared::accounts::{Role, factors};
use pawdium_shared::config::{Config, MailConfig, MediaConfig, MetricsConfig, RedisConfig, SecondFactor};
use pawdium_shared::db::{self, Schema};
use pawdium_shared::metrics::influx::Influx;
use pawdium_shared::queues;
use pawdium_shared::redis::Redis;
use pawdium_shared::store::MediaStore;
use secrecy::ExposeSecret as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

/// Timeout for each system.
const PATIENCE: Duration = Duration::from_secs(10);

/// The oldest supported Postgres, as `server_version_num`.
const OLDEST_POSTGRES: i32 = 150_000;

/// Postgres connections of one scheduler, which works sequentially.
const SCHEDULER_TAKES: u32 = 2;

/// The result of one check.
pub(super) struct Finding {
    level: Level,
    /// The key or its section.
    key: &'static str,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Good,
    Warning,
    Error,
}

impl Finding {
    pub(super) fn is_error(&self) -> bool {
        self.level == Level::Error
    }

    fn good(key: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Good, key, text: text.into() }
    }

    fn warning(key: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Warning, key, text: text.into() }
    }

    fn error(key: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Error, key, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Good => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        write!(f, "{level:<7}  {}: {}", self.key, self.text)
    }
}

/// Checks all systems concurrently.
pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let metrics = async {
        match &config.metrics {
            Some(metrics) => one("metrics.url", influx(metrics)).await,
            None => Vec::new(),
        }
    };
    let (database, redis, mail, media, metrics) = tokio::join!(
        postgres(config),
        one("redis.url", redis(&config.redis)),
        one("mail.smtp_url", smtp(&config.mail)),
        one("media.store", media(&config.media)),
        metrics,
    );
    [database, redis, mail, media, metrics].into_iter().flatten().collect()
}

/// A single finding for a system: good or an error.
async fn one(key: &'static str, trying: impl Future<Output = Result<String>>) -> Vec<Finding> {
    vec![match tokio::time::timeout(PATIENCE, trying).await {
        Ok(Ok(text)) => Finding::good(key, text),
        Ok(Err(error)) => Finding::error(key, format!("{error:#}")),
        Err(_) => Finding::error(key, format!("no answer within {} s", PATIENCE.as_secs())),
    }]
}

async fn postgres(config: &Config) -> Vec<Finding> {
    let key = "database.url";
    let options = match db::options(config.database.url.expose_secret()) {
        Ok(options) => options,
        Err(error) => return vec![Finding::error(key, error.to_string())],
    };
    let connecting = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    let mut db = match connecting {
        Ok(Ok(db)) => db,
        Ok(Err(error)) => {
            let start = "Is Postgres running? Check `systemctl status postgresql`.".to_owned();
            let advice = db::what_to_do(&error, &options).unwrap_or(start);
            return vec![Finding::error(key, format!("{error}. {advice}"))];
        }
        Err(_) => {
            return vec![Finding::error(key, format!("no answer within {} s", PATIENCE.as_secs()))];
        }
    };
    match inspect(&mut db, &options, config).await {
        Ok(findings) => findings,
        Err(error) => vec![Finding::error(key, error.to_string())],
    }
}

/// Checks a server that accepts our login.
async fn inspect(
    db: &mut PgConnection,
    options: &PgConnectOptions,
    config: &Config,
) -> sqlx::Result<Vec<Finding>> {
    let key = "database.url";
    let role = options.get_username();
    let database = options.get_database().unwrap_or(role);
    let mut found = Vec::new();
    let (number, version): (i32, String) = sqlx::query_as(
        "select current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(&mut *db)
    .await?;
    found.push(if number < OLDEST_POSTGRES {
        Finding::error(key, format!("Postgres is {version}; Pawdium needs 15 or newer"))
    } else {
        Finding::good(key, format!("Postgres {version} accepts {role}"))
    });
    let encoding: String = sqlx::query_scalar("show server_encoding").fetch_one(&mut *db).await?;
    if encoding != "UTF8" {
        found.push(Finding::error(
            key,
            format!(
                "the database is in {encoding} and can't hold every name; make it anew: `sudo -u postgres createdb \
                 -O {role} -T template0 -E UTF8 --locale=C.UTF-8 {database}`"
            ),
        ));
    }
    found.extend(writes(db, role, database).await?);
    found.push(room(db, config).await?);
    let schema = db::schema(&mut *db).await?;
    if schema != Schema::Behind {
        found.extend(second_factors(db, config.security.require_second_factor).await?);
    }
    found.push(match schema {
        Schema::Behind => Finding::warning(key, "the schema is out of date; run `sudo pawdium migrate`"),
        Schema::Current => Finding::good(key, "the schema is up to date"),
        Schema::Newer(_) => {
            Finding::good(key, "the schema is newer than this program and compatible with it")
        }
    });
    Ok(found)
}

/// Whose roles don't count, because the configuration requires a second factor of them.
async fn second_factors(db: &mut PgConnection, required: SecondFactor) -> sqlx::Result<Option<Finding>> {
    let key = "security.require_second_factor";
    let roles = [Role::Moderator, Role::Admin].map(|role| required.is_required_of(role).then_some(role));
    let roles: Vec<_> = roles.into_iter().flatten().collect();
    if roles.is_empty() {
        return Ok(None);
    }
    let without = factors::list_without(db, &roles).await?;
    Ok(Some(if without.is_empty() {
        Finding::good(key, "everybody of whom it is required has a second factor")
    } else {
        let names = without.join(", ");
        Finding::warning(
            key,
            format!("these have a member's rights until they set one up at /settings/security: {names}"),
        )
    }))
}

/// Whether the role can create tables. The attempt is rolled back.
async fn writes(db: &mut PgConnection, role: &str, database: &str) -> sqlx::Result<Option<Finding>> {
    sqlx::query("begin").execute(&mut *db).await?;
    let tried = sqlx::query("create table pawdium_config_check (tried int)").execute(&mut *db).await;
    sqlx::query("rollback").execute(&mut *db).await?;
    let Err(error) = tried else { return Ok(None) };
    let advice = match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
        Some("25006") => "this server is a standby; name the primary".to_owned(),
        _ => format!(
            "let it own the database: `sudo -u postgres psql -c 'alter database {database} owner to {role}'`"
        ),
    };
    Ok(Some(Finding::error("database.url", format!("{role} can't create tables ({error}); {advice}"))))
}

/// Whether the server allows enough connections for one process of each kind and for the workers already running.
async fn room(db: &mut PgConnection, config: &Config) -> sqlx::Result<Finding> {
    let key = "database.max_connections";
    let room = db::room(&mut *db).await?;
    let each = db::takes(config.database.max_connections);
    let workers: i64 =
        if sqlx::query_scalar("select to_regclass('job_workers') is not null").fetch_one(&mut *db).await? {
            sqlx::query_scalar("select count(*) from job_workers where gone_at is null")
                .fetch_one(&mut *db)
                .await?
        } else {
            0
        };
    let workers = workers.max(1);
    let taken = i64::from(each)
        + workers * i64::from(each + Process::connections(&queues::ALL))
        + i64::from(SCHEDULER_TAKES);
    let text = format!(
        "one web process, {workers} worker{} and one scheduler take up to {taken} connections; Postgres allows {}, of which \
         {} are open",
        if workers == 1 { "" } else { "s" },
        room.allowed,
        room.open,
    );
    Ok(if taken > room.allowed {
        Finding::warning(key, format!("{text}. Raise Postgres's max_connections, or lower this"))
    } else {
        Finding::good(key, text)
    })
}

async fn redis(config: &RedisConfig) -> Result<String> {
    let advice =
        "is Redis running, and is redis.url correct? Without it pages are slower and rate limits weaker";
    let redis = Redis::connect(config, "nothing is changed")?;
    let mut connection = redis.dedicated().await.context(advice)?;
    let key = redis.key("config-check");
    let mut command = redis::cmd("SET");
    command.arg(key).arg(1).arg("EX").arg(1);
    command
        .exec_async(&mut connection)
        .await
        .context("Redis answers but stores no value; it may require a password, be a replica, or be full")?;
    Ok("Redis answers and stores values".to_owned())
}

async fn smtp(config: &MailConfig) -> Result<String> {
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.smtp_url.expose_secret())?
        .timeout(Some(PATIENCE))
        .build::<Tokio1Executor>();
    let advice = "is the mail server running, and are its address, user name and password correct?";
    if !transport.test_connection().await.context(advice)? {
        bail!("the mail server answers but is not ready; {advice}");
    }
    Ok("the mail server accepts connections; no mail was sent".to_owned())
}

async fn media(config: &MediaConfig) -> Result<String> {
    if config.store.scheme() == "file" {
        let folder = config.store.to_file_path().map_err(|()| anyhow!("{} is not a folder", config.store))?;
        // Opening the store would create the folder.
        if !folder.is_dir() {
            bail!("there is no folder {}; create it with `sudo systemd-tmpfiles --create`", folder.display());
        }
        let advice = || {
            format!(
                "the services can't write to {0}; `sudo chown -R pawdium: {0}`, or free some space",
                folder.display()
            )
        };
        MediaStore::open(config).with_context(advice)?.check().await.with_context(advice)?;
    } else {
        MediaStore::open(config)?.check().await?;
    }
    Ok("files can be written, read and deleted".to_owned())
}

async fn influx(config: &MetricsConfig) -> Result<String> {
    let Err(error) = Influx::new(config).check().await else {
        return Ok("InfluxDB accepts points".to_owned());
    };
    match error.answer() {
        Some((401 | 403, _)) => {
            bail!("InfluxDB refuses the token; create one that can write to the bucket {}", config.bucket)
        }
        Some((404, _)) => bail!(
            "InfluxDB has no bucket {} in {}; create it, or correct metrics.bucket",
            config.bucket,
            config.org
        ),
        Some((status, text)) => bail!("InfluxDB answered {status}: {}", text.trim()),
        None => Err(error).context("is InfluxDB running, and is metrics.url correct?"),
    }
}
