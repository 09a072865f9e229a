//! Takes pictures of a running demo: `cargo run -p pawdium-web --example screenshots [SITE [FOLDER]]`.
//!
//! Every page that matters, light and dark, on a desktop and on a phone; and `rate.png`, which the README shows.

mod browser;

use std::path::Path;

use anyhow::{Context as _, Result};
use fantoccini::Locator;

use browser::{Browser, Screen, wait_for};

const LOADED: &str = "return document.readyState === 'complete' && \
                      [...document.images].filter(i => i.loading !== 'lazy').every(i => i.complete)";

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let site = arguments.next().unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let folder = arguments.next().unwrap_or_else(|| "target/screenshots".to_owned());
    std::fs::create_dir_all(&folder)?;
    for screen in [Screen::Desktop, Screen::Phone] {
        for theme in ["light", "dark"] {
            shoot_all(&site, Path::new(&folder), screen, theme).await?;
        }
    }
    println!("see {folder}");
    Ok(())
}

async fn shoot_all(site: &str, folder: &Path, screen: Screen, theme: &str) -> Result<()> {
    let browser = Browser::start(screen).await?;
    let client = &browser.client;
    client.goto(&format!("{site}/login")).await?;
    client.execute(&format!("document.cookie = 'theme={theme};path=/'"), Vec::new()).await?;
    let device = if screen == Screen::Phone { "phone" } else { "desktop" };
    let shoot = async |name: &str, path: &str| -> Result<()> {
        client.goto(&format!("{site}{path}")).await?;
        wait_for(client, LOADED).await.with_context(|| format!("{path} doesn't load"))?;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        let picture = client.screenshot().await?;
        std::fs::write(folder.join(format!("{name}-{device}-{theme}.png")), &picture)?;
        if name == "rate" && screen == Screen::Desktop && theme == "light" {
            std::fs::write(folder.join("rate.png"), &picture)?;
        }
        Ok(())
    };
    shoot("login", "/login").await?;
    shoot("rate", "/").await?;
    shoot("top", "/top").await?;
    shoot("trending", "/trending").await?;
    shoot("new", "/new").await?;
    shoot("topics", "/topics").await?;
    shoot("topic", "/topics/tongue").await?;
    shoot("topic-with", "/topics/tongue?with=sleepy").await?;
    shoot("topic-lost", "/topics/tongueee").await?;
    shoot("search", "/search?q=ton").await?;
    shoot("lost", "/nothing-here").await?;
    log_in(&browser, site).await?;
    shoot("photo", "/photos/1?from=top:all:all").await?;
    shoot("profile", "/members/ada").await?;
    shoot("submit", "/submit").await?;
    shoot("settings", "/settings").await?;
    shoot("moderation", "/moderation").await?;
    shoot("moderation-topics", "/moderation/topics").await?;
    shoot("admin", "/admin").await?;
    shoot("admin-queues", "/admin/queues").await?;
    shoot("admin-jobs", "/admin/jobs").await?;
    if let Some(job) = client.find(Locator::Css(".job-id")).await?.attr("href").await? {
        shoot("admin-job", &job).await?;
    }
    shoot("admin-bulk", "/admin/jobs/bulk?act=delete&state=done").await?;
    shoot("admin-schedules", "/admin/schedules").await?;
    shoot("admin-cache", "/admin/cache").await?;
    shoot("admin-audit", "/admin/audit").await?;
    shoot("mailbox", "/demo/mail").await?;
    shoot("api", "/api").await?;
    browser.close().await
}

/// As the demo's admin, who has photos in every state.
async fn log_in(browser: &Browser, site: &str) -> Result<()> {
    let client = &browser.client;
    client.goto(&format!("{site}/login")).await?;
    let button = client.find(Locator::Css(".demo-logins form button")).await.context("is this a demo?")?;
    button.click().await?;
    wait_for(client, "return location.pathname === '/'").await
}
