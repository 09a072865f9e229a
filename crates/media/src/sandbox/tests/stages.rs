//! What is told before the outcome.

use tempfile::NamedTempFile;

use super::{decoder, died, shell};
use crate::{EDGES, Limits, Refusal, Stage, fixtures, fixtures::JpegWith, sandbox::parent::RenderError};

/// A shell's command that writes a message without files.
fn say(header: &str) -> String {
    format!("printf 'pawdium\\4\\0\\0\\0\\{:o}\\0\\0\\0\\0{header}'; ", header.len())
}

#[tokio::test]
async fn every_stage_is_told_with_its_time() {
    let file = fixtures::jpeg(&fixtures::noise(2000, 1500), &JpegWith::default());
    let mut told = Vec::new();
    let reached = |stage, ms| told.push((stage, ms));
    let rendered = decoder().render_and_tell(None, fixtures::open(&file), None, reached).await;
    let sizes: Vec<_> = rendered.expect("is rendered").pictures.iter().map(|picture| picture.width).collect();
    assert_eq!(sizes, EDGES);
    assert_eq!(told.iter().map(|(stage, _)| *stage).collect::<Vec<_>>(), Stage::ALL);
    assert!(told.iter().all(|(_, ms)| *ms > 0), "three megapixels of noise take longer: {told:?}");
}

/// The process goes on only when what it said was heard.
#[tokio::test]
async fn a_stage_is_told_when_it_is_reached() {
    let heard = NamedTempFile::new().expect("is made");
    let script = [
        say(r#"{"reached":{"stage":"decoded","ms":7}}"#),
        format!("until test -s {}; do sleep 0.02; done; ", heard.path().display()),
        say(r#"{"refused":{"refusal":"damaged"}}"#),
    ];
    let mut told = Vec::new();
    let reached = |stage, ms| {
        told.push((stage, ms));
        std::fs::write(heard.path(), "heard").expect("can be written");
    };
    let decoder = shell(&script.concat(), Limits::default());
    let result = decoder.render_and_tell(None, fixtures::open(b""), None, reached).await;
    assert!(matches!(result, Err(RenderError::Refused(Refusal::Damaged))), "{result:?}");
    assert_eq!(told, [(Stage::Decoded, 7)]);
}

#[tokio::test]
async fn a_child_that_tells_of_stages_as_it_likes_fails_the_picture() {
    let [decoded, cropped] =
        ["decoded", "cropped"].map(|stage| say(&format!(r#"{{"reached":{{"stage":"{stage}","ms":7}}}}"#)));
    for script in [cropped.clone(), [&*decoded, &decoded].concat(), [&*decoded, &cropped, &cropped].concat()]
    {
        let decoder = shell(&script, Limits::default());
        let cause = died(decoder.render(None, fixtures::open(b""), None).await);
        assert!(cause.contains("order of its stages"), "{cause}");
    }
}
