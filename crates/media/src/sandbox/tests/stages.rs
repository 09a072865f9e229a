//! Stages are reported before the outcome.

use tempfile::NamedTempFile;

use super::{decoder, died, shell};
use crate::{EDGES, Limits, Refusal, Stage, fixtures, fixtures::JpegWith, sandbox::parent::RenderError};

/// A shell command that writes a message without files.
fn say(header: &str) -> String {
    format!("printf 'pawdium\\4\\0\\0\\0\\{:o}\\0\\0\\0\\0{header}'; ", header.len())
}

#[tokio::test]
async fn each_stage_is_reported_with_its_duration() {
    let file = fixtures::jpeg(&fixtures::noise(2000, 1500), &JpegWith::default());
    let mut told = Vec::new();
    let reached = |stage, ms| told.push((stage, ms));
    let rendered = decoder().render_and_tell(None, fixtures::open(&file), None, reached).await;
    let sizes: Vec<_> = rendered.expect("is rendered").pictures.iter().map(|picture| picture.width).collect();
    assert_eq!(sizes, EDGES);
    assert_eq!(told.iter().map(|(stage, _)| *stage).collect::<Vec<_>>(), Stage::ALL);
    assert!(told.iter().all(|(_, ms)| *ms > 0), "three megapixels of noise take longer: {told:?}");
}

/// The process continues only after its message is received.
#[tokio::test]
async fn a_stage_is_reported_when_it_completes() {
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
async fn stages_out_of_order_fail_the_picture() {
    let [decoded, cropped] =
        ["decoded", "cropped"].map(|stage| say(&format!(r#"{{"reached":{{"stage":"{stage}","ms":7}}}}"#)));
    for script in [cropped.clone(), [&*decoded, &decoded].concat(), [&*decoded, &cropped, &cropped].concat()]
    {
        let decoder = shell(&script, Limits::default());
        let cause = died(decoder.render(None, fixtures::open(b""), None).await);
        assert!(cause.contains("order of its stages"), "{cause}");
    }
}
