//! Headless Chromium through ChromeDriver.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Keeps Chromium from contacting its vendor.
const QUIET: [&str; 8] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// The size of the window and the kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// 1440 × 900.
    Desktop,
    /// 390 × 844 at twice the density, with touch.
    Phone,
}

/// A ChromeDriver with one browser. Both end when it is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    /// Drives the browser.
    pub(crate) client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser with an empty profile.
    ///
    /// # Errors
    /// When chromium or chromedriver is missing; `make setup` installs them.
    pub(crate) async fn start(screen: Screen) -> Result<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver can't be started; `make setup` installs it")?;
        let profile = TempDir::new()?;
        #[expect(clippy::disallowed_methods, reason = "the site and its decoders are other processes")]
        let port = tokio::task::block_in_place(|| port_of(&mut driver))?;
        let Value::Object(capabilities) = capabilities(screen, &profile) else {
            bail!("capabilities are an object")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await;
        match client {
            Ok(client) => Ok(Self { client, driver, _profile: profile }),
            Err(error) => {
                let _ = driver.kill();
                let _ = driver.wait();
                Err(error).context("chromium can't be started; `make setup` installs it")
            }
        }
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// When the browser has already ended.
    pub(crate) async fn close(self) -> Result<()> {
        self.client.clone().close().await?;
        Ok(())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Reads the port that ChromeDriver prints. Later output is read and dropped, so that its pipe never fills up.
fn port_of(driver: &mut Child) -> Result<u16> {
    let out = driver.stdout.take().context("no output of chromedriver")?;
    let mut lines = BufReader::new(out).lines();
    while let Some(line) = lines.next().transpose()? {
        if let Some((_, port)) = line.trim_end_matches('.').rsplit_once("successfully on port ") {
            let port = port.parse()?;
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(port);
        }
    }
    bail!("chromedriver ended without saying its port")
}

fn capabilities(screen: Screen, profile: &TempDir) -> Value {
    let mut arguments: Vec<String> = QUIET.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    arguments.push("--window-size=1440,900".to_owned());
    // Chromium refuses to use its sandbox as root.
    if rustix::process::geteuid().is_root() {
        arguments.push("--no-sandbox".to_owned());
    }
    let mut options = json!({ "args": arguments });
    if screen == Screen::Phone {
        options["mobileEmulation"] =
            json!({ "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true } });
    }
    json!({ "goog:chromeOptions": options })
}

/// Waits until `script`, the body of a function, answers true.
///
/// # Errors
/// When it still doesn't after ten seconds.
pub(crate) async fn wait_for(client: &Client, script: &str) -> Result<()> {
    for _ in 0..100 {
        if client.execute(script, Vec::new()).await? == Value::Bool(true) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("waited in vain for: {script}")
}
