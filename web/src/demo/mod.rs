//! The demo's mailbox: mails that the demo's SMTP sink has written to a folder.

use std::io::ErrorKind;
use std::path::Path as FilePath;

use axum::extract::State;
use chrono::{DateTime, Utc};
use mail_parser::{Address, Message, MessageParser};

use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::demo::{MailPage, MailRow, MailboxPage};

/// Mails in the list.
const SHOWN: usize = 100;

/// `GET /demo/mail`
pub async fn mailbox(State(app): State<App>, viewing: Viewing) -> Result<Page<MailboxPage>, Error> {
    let folder = app.config.demo.mailbox.as_deref().ok_or(Error::NotFound)?;
    let mut ids = list(folder).await.map_err(anyhow::Error::from)?;
    // File names are ULIDs, which sort by time.
    ids.sort_unstable_by(|a, b| b.cmp(a));
    let mut mails = Vec::new();
    for id in ids.into_iter().take(SHOWN) {
        let Some(bytes) = read(folder, &id).await? else { continue };
        if let Some(mail) = MessageParser::default().parse(&bytes) {
            mails.push(MailRow { to: to(&mail), subject: subject(&mail), at: at(&id), id });
        }
    }
    Ok(Page(MailboxPage { chrome: viewing.chrome, mails }))
}

/// `GET /demo/mail/{id}`
pub async fn mail(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<String>,
) -> Result<Page<MailPage>, Error> {
    let folder = app.config.demo.mailbox.as_deref().ok_or(Error::NotFound)?;
    let bytes = read(folder, &id).await?.ok_or(Error::NotFound)?;
    let mail = MessageParser::default().parse(&bytes).ok_or(Error::NotFound)?;
    Ok(Page(MailPage {
        chrome: viewing.chrome,
        from: first(mail.from()),
        to: to(&mail),
        subject: subject(&mail),
        at: at(&id),
        text: mail.body_text(0).unwrap_or_default().into_owned(),
    }))
}

async fn list(folder: &FilePath) -> std::io::Result<Vec<String>> {
    let mut entries = match tokio::fs::read_dir(folder).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut ids = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        if let Some(id) = entry.file_name().to_str().and_then(|name| name.strip_suffix(".eml")) {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

async fn read(folder: &FilePath, id: &str) -> Result<Option<Vec<u8>>, Error> {
    if ulid::Ulid::from_string(id).is_err() {
        return Ok(None);
    }
    match tokio::fs::read(folder.join(format!("{id}.eml"))).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::Internal(error.into())),
    }
}

fn at(id: &str) -> DateTime<Utc> {
    ulid::Ulid::from_string(id).map(|id| id.datetime().into()).unwrap_or_default()
}

fn to(mail: &Message<'_>) -> String {
    first(mail.to())
}

fn subject(mail: &Message<'_>) -> String {
    mail.subject().unwrap_or("(no subject)").to_owned()
}

fn first(addresses: Option<&Address<'_>>) -> String {
    addresses.and_then(Address::first).and_then(|address| address.address()).unwrap_or_default().to_owned()
}
