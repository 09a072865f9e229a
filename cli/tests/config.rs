//! What `pawdium config check` says of a bucket.

use std::process::Command;

use pawdium_bucket::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};

/// Whether the settings are good, and what was said.
fn check(store: &str, secret: &str) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pawdium.toml");
    std::fs::write(&file, "").expect("an empty configuration");
    let ended = Command::new(env!("CARGO_BIN_EXE_pawdium"))
        .args(["config", "check"])
        .env("PAWDIUM_CONFIG", &file)
        .env("PAWDIUM_SECURITY__SECRET", "a secret for tests, of no worth at all")
        .env("PAWDIUM_MEDIA__STORE", store)
        .env("PAWDIUM_MEDIA__ACCESS_KEY_ID", ACCESS_KEY)
        .env("PAWDIUM_MEDIA__SECRET_ACCESS_KEY", secret)
        .output()
        .expect("the command runs");
    let said = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (ended.status.success(), said)
}

#[test]
fn the_check_of_the_settings_tries_the_bucket() {
    let server = S3Server::start();
    let store = format!("s3://{BUCKET}?endpoint={}", server.endpoint());
    let (good, said) = check(&store, SECRET_KEY);
    assert!(good && said.contains("The settings are good"), "{said}");

    let (good, said) = check(&store, "hunter2");
    assert!(
        !good && said.contains("media.store") && said.contains("correct media.secret_access_key"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");

    std::fs::remove_dir_all(server.folder()).expect("is removed");
    let (good, said) = check(&store, SECRET_KEY);
    assert!(!good && said.contains("there is no bucket pawdium-tests at http://127.0.0.1"), "{said}");
}

#[test]
fn a_bucket_that_is_misspelt_is_named_with_its_place() {
    let (good, said) = check("s3://pets?endpoint=s3.example.org", SECRET_KEY);
    assert!(!good && said.contains("media.store: the URL has an endpoint that isn't"), "{said}");
    assert!(said.contains("(from the variable PAWDIUM_MEDIA__STORE)"), "{said}");
    let (good, said) = check("ftp://pets", SECRET_KEY);
    assert!(!good && said.contains("media.store: the URL begins with neither file:// nor s3://"), "{said}");
}
