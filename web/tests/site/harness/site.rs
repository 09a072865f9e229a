//! A running site.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pawdium_kit::sink::Sink;
use pawdium_queue::{Enqueue as _, Job};
use pawdium_shared::accounts::RaterKey;
use pawdium_shared::config::{Config, Sources};
use pawdium_shared::db::Tx;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::ratings::{Ballots, Lane, Shown};
use pawdium_web::routes::{self, Paths};
use pawdium_web::state::App;
use reqwest::{Client, Method, Url};
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::client::{Answer, Api, Pages, plain_client};
use super::people::Person;
use super::process::Process;
use super::setup::{SECRET, Setup, start_behind, start_program};
use super::waiting::{SOON, eventually};

/// A running site. Dropping it ends its processes and deletes its files.
pub(crate) struct Site {
    // Fields are dropped in order, so processes come before the folder that they write to.
    pub(crate) web: Process,
    pub(crate) workers: Vec<Process>,
    schedulers: Vec<Process>,
    pub(crate) db: PgPool,
    pub(crate) base: Url,
    /// Where its mails go.
    pub(crate) sink: Sink,
    pub(super) folder: TempDir,
    pub(super) http: Client,
    pub(super) stored: OnceCell<Vec<(u16, pawdium_shared::photos::Picture)>>,
    pub(super) variables: BTreeMap<String, String>,
    /// The socket that outlives web.
    pub(super) socket: Option<TcpListener>,
}

impl Site {
    pub(super) fn new(
        db: PgPool,
        base: Url,
        variables: BTreeMap<String, String>,
        web: Process,
        sink: Sink,
        folder: TempDir,
    ) -> Self {
        let (http, stored) = (plain_client(), OnceCell::new());
        Self {
            web,
            workers: Vec::new(),
            schedulers: Vec::new(),
            db,
            base,
            sink,
            folder,
            http,
            stored,
            variables,
            socket: None,
        }
    }

    /// Starts only web; see [`Setup`] for more.
    pub(crate) async fn start(db: PgPool) -> Self {
        Setup::on(db).start().await
    }

    /// Starts web and one worker.
    pub(crate) async fn start_with_worker(db: PgPool) -> Self {
        Setup::on(db).worker().start().await
    }

    /// Restarts web like `systemctl restart`, which needs a socket. Returns once the new process has started, with the
    /// time that the old one took to end.
    pub(crate) async fn restart_web(&mut self) -> Duration {
        let begin = Instant::now();
        self.web.terminate();
        eventually("web has ended", SOON, async || self.web.has_ended().then_some(())).await;
        let took = begin.elapsed();
        let socket = self.socket.as_ref().expect("a socket of its own");
        self.web = start_behind(socket, &self.variables, &self.folder);
        took
    }

    pub(crate) fn start_worker(&mut self) {
        self.workers.push(start_program("pawdium-worker", &self.variables, &self.folder));
    }

    pub(crate) fn start_scheduler(&mut self) {
        self.schedulers.push(start_program("pawdium-scheduler", &self.variables, &self.folder));
    }

    /// Gets a page as a visitor without cookies.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.visitor().get(path).await
    }

    /// Gets a page as a visitor whose page is rendered for each request: there is a key in a cookie, though not a real
    /// one.
    pub(crate) async fn get_rendered(&self, path: &str) -> Answer {
        Answer::to(self.visitor().request(Method::GET, path).header("cookie", "visitor=none")).await
    }

    /// A browser of a new visitor.
    pub(crate) fn visitor(&self) -> Pages {
        Pages::new(&self.base)
    }

    /// The API without a token.
    pub(crate) fn api(&self) -> Api {
        Api::new(self.http.clone(), &self.base)
    }

    /// An absolute address on the site.
    pub(crate) fn url(&self, path: &str) -> String {
        self.base.join(path).expect("a path").to_string()
    }

    /// What web has logged.
    pub(crate) fn log(&self) -> String {
        self.web.log()
    }

    /// The first column of a statement's only row.
    pub(crate) async fn ask<T>(&self, statement: &'static str) -> T
    where
        (T,): for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let row: (T,) = sqlx::query_as(statement).fetch_one(&self.db).await.expect("the statement is right");
        row.0
    }

    /// The same with an id as `$1`.
    pub(crate) async fn ask_of<T>(&self, statement: &'static str, id: i64) -> T
    where
        (T,): for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let row: (T,) =
            sqlx::query_as(statement).bind(id).fetch_one(&self.db).await.expect("the statement is right");
        row.0
    }

    /// Changes rows directly in the database.
    pub(crate) async fn change(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.db).await.expect("the statement is right");
    }

    /// Enqueues a job.
    pub(crate) async fn enqueue(&self, job: impl Job) {
        let mut tx = Tx::begin(&self.db).await.expect("a connection");
        job.enqueue(&mut tx).await.expect("it is enqueued");
        tx.commit().await.expect("it commits");
    }

    /// Runs a job and all other waiting jobs.
    pub(crate) async fn run(&self, job: impl Job) {
        self.enqueue(job).await;
        self.settle().await;
    }

    /// Waits until the worker has nothing left to do.
    pub(crate) async fn settle(&self) {
        eventually("all jobs are done", SOON, async || {
            (self.ask::<i64>("select count(*) from jobs").await == 0).then_some(())
        })
        .await;
    }

    /// A ballot as the site would have issued it `ago`.
    pub(crate) async fn ballot(&self, rater: &Person, photo: i64, ago: Duration) -> String {
        let key = self.ask_of("select rater_key from users where id = $1", rater.id).await;
        let picture: Option<i16> = self.ask_of("select max(picture) from photos where id = $1", photo).await;
        let issued = chrono::Utc::now() - ago;
        let ballots = Ballots::new(&SECRET.to_owned().into());
        ballots.issue(
            Shown { photo: PhotoId(photo), picture: picture.unwrap_or(1) },
            RaterKey(key),
            Lane::Random,
            issued,
        )
    }

    /// Rates a photo for a user, no matter which one they are shown.
    pub(crate) async fn rate(&self, rater: &Person, photo: i64, value: i64) {
        let ballot = self.ballot(rater, photo, Duration::ZERO).await;
        let body = json!({ "value": value, "ballot": ballot });
        rater.api.put(&format!("photos/{photo}/rating"), body).await.expect(200);
    }

    /// The paths of all its routes.
    pub(crate) fn paths(&self) -> Paths {
        let sources = Sources { variables: self.variables.clone(), ..Sources::default() };
        let config = Config::from_sources(&sources).expect("the settings are valid");
        routes::paths(&App::new(config, CancellationToken::new()).expect("the settings fit"))
    }

    /// Where the media store is.
    pub(crate) fn media_folder(&self) -> PathBuf {
        self.folder.path().join("media")
    }

    /// The files of the media store below a folder, except the ownership mark.
    pub(crate) fn media(&self, below: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.media_folder().join(below)];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
            }
        }
        found.retain(|file| *file != self.media_folder().join("site.json"));
        found.sort();
        found
    }

    /// Panics unless every photo's histogram in Postgres matches its ratings.
    #[track_caller]
    pub(crate) fn histograms_are_right(&self) -> impl Future<Output = ()> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let wrong: Vec<i64> = sqlx::query_scalar(
                "select photo_id from photo_stats
                 where histogram <> (select array_agg((select count(*)::integer from ratings
                                                       where ratings.photo_id = photo_stats.photo_id and value = bar)
                                                      order by bar)
                                     from generate_series(1, 10) as bar)",
            )
            .fetch_all(&self.db)
            .await
            .expect("the statement is right");
            assert!(wrong.is_empty(), "{place}: the histograms of {wrong:?} are not what their ratings say");
        }
    }
}
