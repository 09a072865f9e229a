//! Uploads that arrive damaged are sent again.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use sqlx::PgPool;

use crate::harness::{Answer, Site, pictures};

/// Fields before a file, as a browser sends them.
fn form(picture: &[u8]) -> Vec<u8> {
    let field = |name: &str, value: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--cut\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"cat.jpg\"\r\n\
                Content-Type: image/jpeg\r\n\r\n";
    let fields = [field("title", "A cat"), field("species", "cat"), file.to_owned()].concat();
    [fields.as_bytes(), picture, b"\r\n--cut--\r\n"].concat()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_damaged_form_may_be_sent_again_and_leaves_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let whole = form(&pictures::quarters(300, 300));
    let send = async |body: Vec<u8>| {
        let call =
            ada.api.call(Method::POST, "photos").header(CONTENT_TYPE, "multipart/form-data; boundary=cut");
        Answer::to(call.body(body)).await
    };
    // Without its end, within its file, within a field, empty, and with another boundary.
    let mixed = whole.iter().map(|byte| if *byte == b'-' { b'_' } else { *byte }).collect();
    for body in
        [whole[..whole.len() - 4].to_vec(), whole[..1000].to_vec(), whole[..60].to_vec(), vec![], mixed]
    {
        let answer = send(body).await;
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.error(400).0, "The upload arrived damaged. Send it again.");
    }
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
    assert!(site.media("incoming").is_empty());
    send(whole).await.expect(202);
}

/// Cuts off the end of the first form that is sent.
const CUT: &str = "
    const { send } = XMLHttpRequest.prototype;
    window.cut = 0;
    XMLHttpRequest.prototype.send = function sendCut(body) {
        if (!(body instanceof FormData) || cut > 0) return send.call(this, body);
        cut += 1;
        const whole = new Response(body);
        this.setRequestHeader('content-type', whole.headers.get('content-type'));
        whole.arrayBuffer().then((bytes) => send.call(this, bytes.slice(0, bytes.byteLength - 20)));
        return undefined;
    };
";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_submit_page_sends_a_damaged_upload_again(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.begin_with(CUT).await;
    browser.goto("/submit").await;
    browser.submit_cat().await;
    assert_eq!(browser.run("return cut").await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 1);
}
