//! Archives of what members have, asked for and opened.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use serde_json::Value;
use zip::ZipArchive;

use super::client::Answer;
use super::people::Person;
use super::waiting::{SOON, eventually};

/// An opened archive: its files in their order.
pub(crate) struct Opened {
    pub(crate) names: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Opened {
    pub(crate) fn read(zip: &[u8]) -> Self {
        let mut archive = ZipArchive::new(Cursor::new(zip)).expect("it is a zip");
        let (mut names, mut files) = (Vec::new(), BTreeMap::new());
        for place in 0..archive.len() {
            let mut file = archive.by_index(place).expect("it is listed");
            let mut content = Vec::new();
            // The checksum is compared at the end.
            file.read_to_end(&mut content).expect("it is whole");
            let name = file.name().expect("it is UTF-8").into_owned();
            names.push(name.clone());
            files.insert(name, content);
        }
        Self { names, files }
    }

    #[track_caller]
    pub(crate) fn file(&self, name: &str) -> &[u8] {
        self.files.get(name).unwrap_or_else(|| panic!("no {name} among {:?}", self.names))
    }

    #[track_caller]
    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_slice(self.file(name)).expect("it is JSON")
    }

    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.file(name).to_vec()).expect("it is UTF-8")
    }
}

impl Person {
    /// Asks for an export. Returns its id.
    pub(crate) async fn ask_for_export(&self) -> i64 {
        let asked = self.api.post("users/me/exports", Value::Null).await.expect(202).json();
        asked["id"].as_i64().expect("an id")
    }

    /// What the API says of an export.
    pub(crate) async fn see_export(&self, export: i64) -> Value {
        self.api.get(&format!("users/me/exports/{export}")).await.expect(200).json()
    }

    /// Asks for an export, waits until its archive is ready and returns its id.
    pub(crate) async fn export(&self) -> i64 {
        let export = self.ask_for_export().await;
        eventually("the archive is ready", SOON, async || {
            let state = self.see_export(export).await["state"].as_str().expect("a state").to_owned();
            assert!(["waiting", "ready"].contains(&state.as_str()), "{state}");
            (state == "ready").then_some(())
        })
        .await;
        export
    }

    /// Downloads an archive in the browser.
    pub(crate) async fn download(&self, export: i64) -> Answer {
        self.pages.get(&format!("/exports/{export}")).await
    }

    /// Exports, downloads and opens.
    pub(crate) async fn exported(&self) -> Opened {
        let export = self.export().await;
        Opened::read(&self.download(export).await.expect(200).body)
    }
}
