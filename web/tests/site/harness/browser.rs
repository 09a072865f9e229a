//! Headless Chromium, driven over WebDriver.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use super::people::PASSWORD;
use super::pictures;
use super::process::{Process, installed};
use super::site::Site;
use super::waiting::{SOON, eventually};

/// One browser at a time, because a small machine can't run more.
static TURN: Mutex<()> = Mutex::const_new(());

const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,900",
    // A name of this machine under which pages aren't trusted as those of 127.0.0.1 are.
    "--host-resolver-rules=MAP pawdium.test 127.0.0.1",
];

/// An open browser on a site.
pub(crate) struct Browser {
    pub(super) page: Client,
    base: Url,
    port: u16,
    session: String,
    driver: Process,
    folder: TempDir,
    _turn: Option<MutexGuard<'static, ()>>,
}

impl Site {
    /// A browser with an empty profile.
    pub(crate) async fn browser(&self) -> Browser {
        let turn = TURN.lock().await;
        self.open_browser(Some(turn)).await
    }

    /// Another browser, for a test that has one.
    pub(crate) async fn browser_beside(&self, _: &Browser) -> Browser {
        self.open_browser(None).await
    }

    async fn open_browser(&self, turn: Option<MutexGuard<'static, ()>>) -> Browser {
        let folder = tempfile::Builder::new().prefix("pawdium-browser-").tempdir().expect("a folder");
        let program = installed(&["chromedriver"]);
        let arguments = ["--port=0".to_owned()];
        let driver = Process::start("chromedriver", &program, &arguments, &BTreeMap::new(), folder.path());
        let port = eventually("the driver listens", SOON, async || port_in(&driver.log())).await;
        let page = open(port, folder.path()).await;
        let session = page.session_id().await.expect("it answers").expect("it has one");
        Browser { page, base: self.base.clone(), port, session, driver, folder, _turn: turn }
    }
}

/// The port that the driver has chosen and prints at its start.
fn port_in(log: &str) -> Option<u16> {
    let (_, rest) = log.split_once("started successfully on port ")?;
    rest.split_once('.')?.0.parse().ok()
}

async fn open(port: u16, folder: &Path) -> Client {
    let mut flags: Vec<_> = FLAGS.map(str::to_owned).to_vec();
    flags.push(format!("--user-data-dir={}", folder.join("profile").display()));
    let wanted = json!({
        "goog:chromeOptions": { "args": flags },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    let wanted = wanted.as_object().expect("an object").clone();
    let address = format!("http://127.0.0.1:{port}");
    let opened = ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&address).await;
    opened.expect("chromedriver opens a browser")
}

impl Browser {
    pub(crate) async fn goto(&self, path: &str) {
        self.page.goto(self.base.join(path).expect("a path").as_str()).await.expect("it loads");
    }

    /// Opens a page in a new tab, in front of the others. Returns what names the tab.
    pub(crate) async fn open_tab(&self, path: &str) -> WindowHandle {
        let tab = self.page.new_window(true).await.expect("it opens").handle;
        self.show_tab(&tab).await;
        self.goto(path).await;
        tab
    }

    /// The tab that is in front.
    pub(crate) async fn tab(&self) -> WindowHandle {
        self.page.window().await.expect("there is one")
    }

    pub(crate) async fn show_tab(&self, tab: &WindowHandle) {
        self.page.switch_to_window(tab.clone()).await.expect("it is open");
    }

    /// Closes the tab in front and shows another.
    pub(crate) async fn close_tab(&self, then: &WindowHandle) {
        self.page.close_window().await.expect("it closes");
        self.show_tab(then).await;
    }

    /// Goes into a frame of the page, where everything happens from now on.
    pub(crate) async fn enter_frame(&self, css: &str) {
        self.find(css).await.enter_frame().await.expect("it is a frame");
    }

    /// Comes back from a frame.
    pub(crate) async fn leave_frame(&self) {
        self.page.clone().enter_parent_frame().await.expect("there is one around it");
    }

    pub(crate) async fn back(&self) {
        self.page.back().await.expect("there is a page before");
    }

    /// Stops the browser, like a laptop that is closed. It answers nothing until it wakes up.
    pub(crate) fn fall_asleep(&self) {
        self.driver.signal_descendants(Signal::STOP);
    }

    pub(crate) fn wake_up(&self) {
        self.driver.signal_descendants(Signal::CONT);
    }

    pub(crate) async fn reload(&self) {
        self.page.refresh().await.expect("it loads");
    }

    /// The path that the address bar shows.
    pub(crate) async fn path(&self) -> String {
        self.page.current_url().await.expect("it is somewhere").path().to_owned()
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, css: &str) -> Element {
        eventually(&format!("{css} is on the page"), SOON, async || {
            self.page.find(Locator::Css(css)).await.ok()
        })
        .await
    }

    /// Whether an element exists now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        self.page.find(Locator::Css(css)).await.is_ok()
    }

    pub(crate) async fn click(&self, css: &str) {
        let element = self.find(css).await;
        // Scroll it away from fixed elements at the edges of the page.
        let place = serde_json::to_value(&element).expect("a reference");
        let scrolled =
            self.page.execute("arguments[0].scrollIntoView({ block: 'center' })", vec![place]).await;
        scrolled.unwrap_or_else(|error| panic!("{css} can't be scrolled to: {error}"));
        element.click().await.unwrap_or_else(|error| panic!("{css} can't be clicked: {error}"));
    }

    /// The text of an element. Retries, because live parts may be swapped between finding and reading.
    pub(crate) async fn text(&self, css: &str) -> String {
        eventually(&format!("{css} has a text"), SOON, async || {
            self.page.find(Locator::Css(css)).await.ok()?.text().await.ok()
        })
        .await
    }

    /// An element's attribute; empty if it is missing.
    pub(crate) async fn attribute(&self, css: &str, name: &str) -> String {
        let found: Option<String> = eventually(&format!("{css} is on the page"), SOON, async || {
            self.page.find(Locator::Css(css)).await.ok()?.attr(name).await.ok()
        })
        .await;
        found.unwrap_or_default()
    }

    /// A field's value.
    pub(crate) async fn value(&self, css: &str) -> String {
        self.find(css).await.prop("value").await.expect("it is there").unwrap_or_default()
    }

    /// Types into a field, or chooses a file.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        // A restored element takes no keys before it is visible.
        let what = format!("{css} can be filled in");
        eventually(&what, SOON, async || self.find(css).await.send_keys(text).await.ok()).await;
    }

    pub(crate) async fn choose(&self, css: &str, value: &str) {
        self.find(css).await.select_by_value(value).await.expect("it can be chosen");
    }

    /// Presses a key in the focused element.
    pub(crate) async fn press(&self, key: char) {
        let keys = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.page.perform_actions(keys).await.expect("it is pressed");
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.expect("it runs")
    }

    /// Runs a script with an argument.
    pub(crate) async fn run_with(&self, script: &str, argument: Value) -> Value {
        self.page.execute(script, vec![argument]).await.expect("it runs")
    }

    /// Marks the page. A reload removes the mark.
    pub(crate) async fn mark(&self) {
        self.run("window.mark = true").await;
    }

    pub(crate) async fn is_marked(&self) -> bool {
        self.run("return window.mark === true").await == true
    }

    /// From now on every page runs this script first.
    pub(crate) async fn begin_with(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// From now on the visitor prefers reduced motion.
    pub(crate) async fn reduce_motion(&self) {
        let reduced = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [reduced] })).await;
    }

    /// A command of the Chrome DevTools protocol.
    pub(super) async fn devtools(&self, command: &'static str, parameters: Value) {
        self.page.issue_cmd(DevTools { command, parameters }).await.expect("the browser supports it");
    }

    /// Sends a photo of a cat from the submit page, which is open, until the site has taken it.
    pub(crate) async fn submit_cat(&self) {
        self.find("form.enhanced").await;
        let file = self.file("one.jpg", &pictures::quarters(640, 320));
        self.choose_files("#photo", &[file]).await;
        self.find("[data-crop-box][aria-label]").await;
        self.choose(".entry [name=species]", "cat").await;
        self.click("[data-send]").await;
        self.find(".entry[data-state='taken']").await;
    }

    /// Sets the size of the viewport in pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.emulate_screen(width, height, false).await;
    }

    /// Sets the size of a touch screen, where overflowing content makes the page wider.
    pub(crate) async fn phone(&self, width: u32, height: u32) {
        self.emulate_screen(width, height, true).await;
    }

    async fn emulate_screen(&self, width: u32, height: u32, mobile: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Sets the browser's default font size in pixels.
    pub(crate) async fn text_size(&self, pixels: u32) {
        let sizes = json!({ "fontSizes": { "standard": pixels, "fixed": pixels } });
        self.devtools("Page.setFontSizes", sizes).await;
    }

    /// Chooses files for a field.
    pub(crate) async fn choose_files(&self, css: &str, files: &[PathBuf]) {
        let paths: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        self.fill(css, &paths.join("\n")).await;
    }

    /// The same browser on another URL of the site.
    pub(crate) fn through(&mut self, address: &Url) {
        self.base = address.clone();
    }

    /// A file that the browser can upload.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("it is written");
        path
    }

    pub(crate) async fn log_in(&self, email: &str) {
        self.goto("/login").await;
        self.fill("#email", email).await;
        self.fill("#password", PASSWORD).await;
        self.click("main form button[type=submit]").await;
        self.find(".menu-name").await;
    }

    /// Panics if the console has messages: script errors, violations of the content security policy, or missing files.
    pub(crate) async fn has_no_complaints(&self) {
        let log = self.page.issue_cmd(ConsoleLog).await.expect("the driver keeps it");
        let entries = log.as_array().expect("a list");
        let bad: Vec<_> = entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["source"] == "security")
            .map(|entry| entry["message"].to_string())
            .collect();
        assert!(bad.is_empty(), "{}", bad.join("\n"));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.wake_up();
        // Close the session first, because a killed driver leaves its browser behind.
        let close = || -> std::io::Result<()> {
            let mut driver = TcpStream::connect(("127.0.0.1", self.port))?;
            driver.set_read_timeout(Some(Duration::from_secs(5)))?;
            write!(
                driver,
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                self.session
            )?;
            driver.read(&mut [0; 64]).map(drop)
        };
        if let Err(error) = close() {
            eprintln!("the browser could not be closed: {error}");
        }
    }
}

/// `POST /session/{id}/goog/cdp/execute` of chromedriver.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.command, "params": self.parameters }).to_string()))
    }
}

/// `POST /session/{id}/se/log` of Selenium, which chromedriver knows.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
