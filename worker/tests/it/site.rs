//! A site for tests, with its own settings, folders and connections.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use jpeg_encoder::{ColorType, Encoder};
use pawdium_media::Decoder;
use pawdium_shared::accounts::{Email, Name, queries};
use pawdium_shared::config::{Config, Sources};
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::photos::transitions::{self, StoredOriginal};
use pawdium_shared::photos::{self, Alt, Draft, Photo, Species, Tags, Title};
use pawdium_shared::store::OriginalKey;
use pawdium_worker::{DECODE, Env};
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::{RwLock, RwLockReadGuard};

/// Read-locked by tests that need Redis's memory, write-locked by the one that empties it.
pub(crate) static REDIS: RwLock<()> = RwLock::const_new(());

/// Prevents that Redis is emptied meanwhile.
pub(crate) async fn redis_remembers() -> RwLockReadGuard<'static, ()> {
    REDIS.read().await
}

const WORKER: &str = env!("CARGO_BIN_EXE_pawdium-worker");

pub(crate) struct Site {
    pub(crate) db: PgPool,
    pub(crate) env: Arc<Env>,
    variables: BTreeMap<String, String>,
    folder: TempDir,
}

impl Site {
    pub(crate) fn new(db: PgPool) -> Self {
        Self::with(db, &[])
    }

    /// Creates a site with these settings, named as in the environment.
    pub(crate) fn with(db: PgPool, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let redis = std::env::var("PAWDIUM_REDIS__URL").expect("PAWDIUM_REDIS__URL is set");
        let name = db.connect_options().get_database().expect("the test has a database").to_owned();
        let mut variables: BTreeMap<String, String> = [
            ("PAWDIUM_DATABASE__URL", pawdium_kit::workers::url(&db)),
            ("PAWDIUM_REDIS__URL", redis),
            ("PAWDIUM_REDIS__PREFIX", format!("{name}:")),
            ("PAWDIUM_MEDIA__STORE", format!("file://{}", folder.path().display())),
            ("PAWDIUM_SECURITY__SECRET", "a secret for tests, of no worth at all".to_owned()),
            ("PAWDIUM_WEB__BASE_URL", "https://paw.example".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        variables.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let sources = Sources { variables: variables.clone(), ..Sources::default() };
        let config = Config::from_sources(&sources).expect("the settings are good");
        let mut env = Env::new(&config, db.clone().into()).expect("the settings can be used");
        env.decoder = Decoder::new(WORKER.into(), [DECODE], env.limits.clone());
        Self { db, env: Arc::new(env), variables, folder }
    }

    /// Creates the same site with a changed environment.
    pub(crate) fn altered(mut self, alter: impl FnOnce(&mut Env)) -> Self {
        alter(Arc::get_mut(&mut self.env).expect("nobody shares it yet"));
        self
    }

    /// Starts a real worker process for this site.
    pub(crate) fn spawn_worker(&self) -> Child {
        Command::new(WORKER)
            .envs(&self.variables)
            .env_remove("PAWDIUM_CONFIG")
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the worker starts")
    }

    pub(crate) async fn member(&self, name: &str) -> UserId {
        let mut db = self.db.acquire().await.expect("a connection");
        let email = Email::new(&format!("{name}@example.org")).expect("an address");
        let name = Name::new(name).expect("a name");
        queries::register(&mut db, None, &name, &email, "no hash").await.expect("nobody has that name")
    }

    /// Stores an original.
    pub(crate) async fn upload(&self, content: &[u8]) -> OriginalKey {
        let mut original = self.env.store.begin_original(50_000_000);
        original.write(Bytes::copy_from_slice(content)).await.expect("it fits");
        original.finish().await.expect("it can be stored")
    }

    /// Submits a photo, as the site's form does.
    pub(crate) async fn submit(&self, owner: UserId, content: &[u8], species: Species) -> PhotoId {
        let upload = self.upload(content).await;
        let mut tx = Tx::begin(&self.db).await.expect("a transaction");
        let photo = transitions::submit(&mut tx, owner, &draft(species), stored(upload.as_str())).await;
        let photo = photo.expect("it can be submitted");
        tx.commit().await.expect("it commits");
        photo
    }

    /// Creates a live photo without files.
    pub(crate) async fn live(&self, owner: UserId, species: Species) -> PhotoId {
        let mut tx = Tx::begin(&self.db).await.expect("a transaction");
        let photo = transitions::submit(&mut tx, owner, &draft(species), stored("incoming/none")).await;
        let photo = photo.expect("it can be submitted");
        assert!(transitions::go_live(&mut tx, photo, &[], "", None).await.expect("it can go live"));
        sqlx::query("delete from jobs").execute(&mut *tx).await.expect("jobs can be deleted");
        tx.commit().await.expect("it commits");
        photo
    }

    pub(crate) async fn photo(&self, photo: PhotoId) -> Photo {
        let mut db = self.db.acquire().await.expect("a connection");
        photos::queries::find(&mut db, photo).await.expect("photos can be read").expect("it is there")
    }

    /// The media store's folder.
    pub(crate) fn media(&self) -> &Path {
        self.folder.path()
    }

    /// The number of complete pictures. Files of pictures that are still being written do not count.
    pub(crate) async fn pictures(&self) -> usize {
        let listed: Vec<_> = self.env.store.list_pictures().try_collect().await.expect("they can be listed");
        listed.len()
    }

    /// All files below a folder of the media store, unfinished ones included.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().join(folder)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() { folders.push(entry.path()) } else { files.push(entry.path()) }
            }
        }
        files.sort();
        files
    }
}

/// A small original with this key.
pub(crate) fn stored(key: &str) -> StoredOriginal<'_> {
    StoredOriginal { key, bytes: 1000 }
}

pub(crate) fn draft(species: Species) -> Draft {
    Draft {
        title: Title::new("Blep").expect("a title"),
        alt: Alt::default(),
        species,
        tags: Tags::default(),
        crop: None,
        allowed: pawdium_shared::photos::Allowed::default(),
    }
}

/// A JPEG as noisy as a camera's. The seed determines the picture.
pub(crate) fn jpeg(width: u16, height: u16, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for _ in 0..usize::from(width) * usize::from(height) {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [grain, ..] = state.to_be_bytes();
        pixels.extend([grain / 4 + 90, grain / 5 + 60, grain / 6 + 40]);
    }
    let mut file = Vec::new();
    Encoder::new(&mut file, 85).encode(&pixels, width, height, ColorType::Rgb).expect("it can be encoded");
    file
}
