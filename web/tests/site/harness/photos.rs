//! Photos of a site, created through the domain's transitions or as real uploads.

use bytes::Bytes;
use futures::TryStreamExt as _;
use pawdium_shared::accounts::{Email, Name, queries};
use pawdium_shared::config::{Config, Sources};
use pawdium_shared::db::Tx;
use pawdium_shared::ids::UserId;
use pawdium_shared::photos::transitions::{self, KeepOriginal, StoredOriginal};
use pawdium_shared::photos::{Alt, Draft, Picture, Species, Tags, Title};
use pawdium_shared::store::MediaStore;
use reqwest::multipart::{Form, Part};

use super::people::Person;
use super::pictures;
use super::site::Site;
use super::waiting::{SOON, eventually};

/// A builder of photos.
pub(crate) struct PhotoBuilder<'a> {
    site: &'a Site,
    owner: Option<i64>,
    title: String,
    species: Species,
    tags: String,
}

impl Site {
    /// A cat photo of an unrelated owner.
    pub(crate) fn photo(&self) -> PhotoBuilder<'_> {
        PhotoBuilder {
            site: self,
            owner: None,
            title: "A cat".into(),
            species: Species::Cat,
            tags: "tongue, sofa".into(),
        }
    }

    /// Creates that many live photos.
    pub(crate) async fn photos(&self, count: usize) -> Vec<i64> {
        let mut photos = Vec::new();
        for number in 1..=count {
            photos.push(self.photo().titled(&format!("Cat {number}")).live().await);
        }
        photos
    }

    async fn keeper(&self) -> i64 {
        let mut db = self.db.acquire().await.expect("a connection");
        if let Some(user) = queries::find_by_name(&mut db, "keeper").await.expect("it is asked") {
            return user.id.0;
        }
        let (name, email) = (Name::new("keeper"), Email::new("keeper@example.org"));
        let (name, email) = (name.expect("a name"), email.expect("an address"));
        queries::register(&mut db, None, &name, &email, "no password").await.expect("it is new").0
    }

    /// The URLs of its pictures.
    pub(crate) fn store(&self) -> MediaStore {
        let sources = Sources { variables: self.variables.clone(), ..Sources::default() };
        let config = Config::from_sources(&sources).expect("the settings are valid");
        MediaStore::open(&config.media).expect("the store opens")
    }

    /// The number of complete pictures in the store, without partial files of killed workers.
    pub(crate) async fn pictures(&self) -> usize {
        let listed: Vec<_> = self.store().list_pictures().try_collect().await.expect("they can be listed");
        listed.len()
    }

    /// Waits until no original is left. It is deleted after its job has ended.
    pub(crate) async fn until_discarded(&self) {
        let discarded = async || self.media("incoming").is_empty().then_some(());
        eventually("the uploads are gone", SOON, discarded).await;
    }

    /// Locks a photo's row until the returned transaction ends, so that it can be processed but not change its state.
    pub(crate) async fn hold(&self, photo: i64) -> Tx {
        let mut held = Tx::begin(&self.db).await.expect("a transaction");
        let hold = sqlx::query("select from photos where id = $1 for no key update").bind(photo);
        hold.execute(&mut *held).await.expect("it is there");
        held
    }

    async fn stored_pictures(&self) -> &Vec<(u16, Picture)> {
        self.stored
            .get_or_init(|| async {
                let store = self.store();
                let mut stored = Vec::new();
                for edge in [1080_u16, 540, 160] {
                    let jpeg = pictures::quarters(edge, edge);
                    let bytes = u32::try_from(jpeg.len()).expect("it is small");
                    let key = store.put_picture(Bytes::from(jpeg)).await.expect("it is stored").to_string();
                    stored.push((edge, Picture { key, width: edge.into(), height: edge.into(), bytes }));
                }
                stored
            })
            .await
    }

    /// Gives each of these photos its own picture with the file size of a photograph.
    pub(crate) async fn tell_pictures_apart(&self, photos: &[i64]) {
        let store = self.store();
        for edge in [1080_u16, 540, 160] {
            let jpeg = pictures::quarters(edge, edge);
            for photo in photos {
                // Decoders ignore data after the end of a JPEG.
                let rest = photo.to_be_bytes().repeat(usize::from(edge) * 12);
                let bytes = Bytes::from([jpeg.clone(), rest].concat());
                let key = store.put_picture(bytes).await.expect("it is stored").to_string();
                let named = sqlx::query("update photo_files set key = $1 where photo_id = $2 and edge = $3");
                let named = named.bind(key).bind(photo).bind(i32::from(edge));
                named.execute(&self.db).await.expect("the statement is right");
            }
        }
    }

    /// Waits until a photo has left `processing` and returns its state.
    pub(crate) async fn processed(&self, photo: i64) -> String {
        eventually("the photo is processed", SOON, async || {
            let state: String = self.ask_of("select state from photos where id = $1", photo).await;
            (state != "processing").then_some(state)
        })
        .await
    }
}

/// The key of an original that doesn't exist.
const GONE: StoredOriginal<'static> = StoredOriginal { key: "gone", bytes: 1_000_000 };

impl PhotoBuilder<'_> {
    pub(crate) fn by(mut self, owner: &Person) -> Self {
        self.owner = Some(owner.id);
        self
    }

    pub(crate) fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    pub(crate) fn species(mut self, name: &str) -> Self {
        self.species = name.parse().expect("a species");
        self
    }

    /// Its tags, between commas.
    pub(crate) fn tagged(mut self, tags: &str) -> Self {
        tags.clone_into(&mut self.tags);
        self
    }

    fn draft(&self) -> Draft {
        Draft {
            title: Title::new(&self.title).expect("a title"),
            alt: Alt::new("It looks into the camera").expect("a text"),
            species: self.species,
            tags: Tags::new(&self.tags).expect("tags"),
            crop: None,
            allowed: pawdium_shared::photos::Allowed::default(),
        }
    }

    async fn owner(&self) -> UserId {
        UserId(match self.owner {
            Some(owner) => owner,
            None => self.site.keeper().await,
        })
    }

    /// Creates a live photo with pictures in the store and returns its id.
    pub(crate) async fn live(self) -> i64 {
        let (owner, draft) = (self.owner().await, self.draft());
        let pictures = self.site.stored_pictures().await;
        let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
        let id = transitions::submit(&mut tx, owner, &draft, GONE).await.expect("it is inserted");
        assert!(
            transitions::go_live(&mut tx, id, pictures, "1QcSHQRnh493V4dIh4eXh1h4kJUI", None)
                .await
                .expect("it goes")
        );
        // Delete the job but keep the events, like after a real run.
        sqlx::query("delete from jobs where kind like 'media.%' and unique_key = $1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await
            .expect("it is deleted");
        tx.commit().await.expect("it is committed");
        id.0
    }

    /// Creates a photo that is waiting to be processed.
    pub(crate) async fn processing(self) -> i64 {
        let (owner, draft) = (self.owner().await, self.draft());
        let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
        let id = transitions::submit(&mut tx, owner, &draft, GONE).await.expect("it is inserted");
        tx.commit().await.expect("it is committed");
        id.0
    }

    /// Creates a failed photo.
    pub(crate) async fn failed(self, reason: &str) -> i64 {
        let site = self.site;
        let id = self.processing().await;
        let mut tx = Tx::begin(&site.db).await.expect("a transaction");
        let photo = pawdium_shared::ids::PhotoId(id);
        assert!(transitions::fail(&mut tx, photo, reason, KeepOriginal::No).await.expect("it is updated"));
        tx.commit().await.expect("it is committed");
        id
    }
}

/// A complete form with a picture.
pub(crate) fn submission(title: &str, file: Vec<u8>) -> Form {
    with_file(file).text("title", title.to_owned()).text("species", "cat")
}

/// A form with only a file.
pub(crate) fn with_file(file: Vec<u8>) -> Form {
    let part = Part::bytes(file).file_name("photo.jpg").mime_str("image/jpeg").expect("a type");
    Form::new().part("photo", part)
}
