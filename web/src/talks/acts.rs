//! What people do with calls and talks, from pages and through the API. Each act is one transaction.

use axum_extra::extract::cookie::Cookie;
use chrono::{DateTime, Utc};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{CallId, HubId, PhotoId, TalkId};
use pawdium_shared::talks::{
    Call, CallChange, CallText, CallTitle, Description, Device as DeviceId, Network, NewCall, NewTalk, Phase,
    Talk, TalkChange, TalkTitle, Times, Totals, Voted, Voter, Voters, VotesEach, calls, pitch, vote,
};

use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// What somebody writes about a call, unchecked. `None` is left out; the inner `None` of an option clears it.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedCall<'a> {
    /// What it is called.
    pub title: Option<&'a str>,
    /// What it is about.
    pub text: Option<&'a str>,
    /// When members begin to pitch.
    pub pitch_from: Option<Option<DateTime<Utc>>>,
    /// When voting begins.
    pub voting_from: Option<Option<DateTime<Utc>>>,
    /// When voting ends.
    pub closes_at: Option<Option<DateTime<Utc>>>,
    /// When the result is announced.
    pub announced_at: Option<Option<DateTime<Utc>>>,
    /// `members`, `verified` or `anybody`.
    pub voters: Option<&'a str>,
    /// The most votes of a voter.
    pub votes_each: Option<Option<i64>>,
    /// `hidden` or `shown`.
    pub totals: Option<&'a str>,
    /// Whether authors stay unnamed until the close.
    pub blind: Option<bool>,
    /// Whether a pitch waits for an owner before others see it.
    pub moderated: Option<bool>,
}

impl WantedCall<'_> {
    /// Checks the fields that a change gives.
    fn change(self) -> Result<CallChange, Error> {
        let votes_each = |votes: Option<i64>| votes.map(VotesEach::new).transpose();
        Ok(CallChange {
            title: self.title.map(CallTitle::new).transpose()?,
            text: self.text.map(CallText::new).transpose()?,
            pitch_from: self.pitch_from,
            voting_from: self.voting_from,
            closes_at: self.closes_at,
            announced_at: self.announced_at,
            voters: self.voters.map(voters).transpose()?,
            votes_each: self.votes_each.map(votes_each).transpose()?,
            totals: self.totals.map(totals).transpose()?,
            blind: self.blind,
            moderated: self.moderated,
        })
    }

    /// Checks all fields of a new call. What is left out has its default; only a title is needed.
    fn new_call(self) -> Result<NewCall, Error> {
        let title = CallTitle::new(self.title.unwrap_or_default())?;
        let given = self.change()?;
        Ok(NewCall {
            title,
            text: given.text.unwrap_or_default(),
            times: Times {
                pitch_from: given.pitch_from.flatten(),
                voting_from: given.voting_from.flatten(),
                closes_at: given.closes_at.flatten(),
                announced_at: given.announced_at.flatten(),
            },
            voters: given.voters.unwrap_or_default(),
            votes_each: given.votes_each.flatten(),
            totals: given.totals.unwrap_or_default(),
            blind: given.blind.unwrap_or_default(),
            moderated: given.moderated.unwrap_or_default(),
        })
    }
}

fn voters(text: &str) -> Result<Voters, Error> {
    let message = || "Choose members, verified or anybody.".to_owned();
    text.parse().map_err(|_| Error::Field { field: "voters", message: message() })
}

fn totals(text: &str) -> Result<Totals, Error> {
    let message = || "Choose hidden or shown.".to_owned();
    text.parse().map_err(|_| Error::Field { field: "totals", message: message() })
}

/// Parses the name of a phase.
///
/// # Errors
/// Names the field `phase`.
pub fn phase(text: &str) -> Result<Phase, Error> {
    let message = || "Choose pitch, voting, closed or announced.".to_owned();
    text.parse().map_err(|_| Error::Field { field: "phase", message: message() })
}

/// Opens a call in a hub that the visitor owns.
///
/// # Errors
/// Says which field is wrong or what forbids it.
pub async fn open_call(
    app: &App,
    visitor: &Visitor,
    hub: HubId,
    wanted: WantedCall<'_>,
) -> Result<CallId, Error> {
    let owner = visitor.member()?;
    let new = wanted.new_call()?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let call = calls::create(&mut tx, hub, owner, &new).await?;
        tx.commit().await?;
        Ok(call)
    })
    .await
}

/// Changes a call of a hub that the visitor owns and moves it on, all of that or nothing. A move is from the phase that
/// the visitor has seen to a later one.
///
/// # Errors
/// Says which field is wrong or what forbids it.
pub async fn change_call(
    app: &App,
    visitor: &Visitor,
    call: CallId,
    wanted: WantedCall<'_>,
    moved: Option<(Phase, Phase)>,
) -> Result<Call, Error> {
    let owner = visitor.member()?;
    let change = wanted.change()?;
    let changed = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let mut changed = calls::change(&mut tx, call, owner, &change).await?;
        if let Some((from, to)) = moved {
            changed = calls::move_to(&mut tx, call, owner, from, to).await?;
        }
        tx.commit().await?;
        Ok::<_, Error>(changed)
    })
    .await?;
    if changed.phase.is_over() && changed.frozen_at.is_none() {
        app.freezes.begin(app, call);
    }
    Ok(changed)
}

/// What somebody writes about a talk, unchecked. `None` is left out; the inner `None` removes the photo.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedTalk<'a> {
    /// What it is called.
    pub title: Option<&'a str>,
    /// What it is about.
    pub description: Option<&'a str>,
    /// One of the author's live photos.
    pub photo: Option<Option<PhotoId>>,
}

/// Pitches a talk as the visitor.
///
/// # Errors
/// Says which field is wrong or what forbids it.
pub async fn pitch_talk(
    app: &App,
    visitor: &Visitor,
    call: CallId,
    wanted: WantedTalk<'_>,
) -> Result<TalkId, Error> {
    let author = visitor.member()?.id;
    let new = NewTalk {
        title: TalkTitle::new(wanted.title.unwrap_or_default())?,
        description: Description::new(wanted.description.unwrap_or_default())?,
        photo: wanted.photo.flatten(),
    };
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let talk = pitch::pitch(&mut tx, call, author, &new).await?;
        tx.commit().await?;
        Ok(talk)
    })
    .await
}

/// Edits the visitor's talk.
///
/// # Errors
/// Says which field is wrong or what forbids it.
pub async fn edit_talk(
    app: &App,
    visitor: &Visitor,
    talk: TalkId,
    wanted: WantedTalk<'_>,
) -> Result<Talk, Error> {
    let author = visitor.member()?.id;
    let change = TalkChange {
        title: wanted.title.map(TalkTitle::new).transpose()?,
        description: wanted.description.map(Description::new).transpose()?,
        photo: wanted.photo,
    };
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let edited = pitch::edit(&mut tx, talk, author, &change).await?;
        tx.commit().await?;
        Ok(edited)
    })
    .await
}

/// Withdraws the visitor's talk.
///
/// # Errors
/// Says what forbids it.
pub async fn withdraw_talk(app: &App, visitor: &Visitor, talk: TalkId) -> Result<(), Error> {
    let author = visitor.member()?.id;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        pitch::withdraw(&mut tx, talk, author).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// What a voter wants of a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Vote, or take the vote back.
    Toggle,
    /// Vote, if they don't yet.
    Vote,
    /// Take the vote back, if there is one.
    Unvote,
}

/// Where a vote comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The client.
    pub client: Client,
    /// The browser.
    pub device: Option<DeviceId>,
    /// Whether a page was served to it, or its token: guests vote only so.
    pub served: bool,
}

/// Votes as the visitor, who becomes an anonymous user by the first vote. The cookie is that of a new user's session.
///
/// # Errors
/// Says what forbids it.
pub async fn vote(
    app: &App,
    visitor: &Visitor,
    from: Source,
    talk: TalkId,
    wish: Wish,
) -> Result<(Voted, Option<Cookie<'static>>), Error> {
    app.pace.count_one(visitor.key)?;
    if visitor.user.is_none() {
        limits::count(app, Limited::Anonymous, from.client.counted()).await?;
    }
    match cast(app, visitor, from, talk, wish).await {
        Err(Error::SessionEnded) => cast(app, &visitor.find_again(app).await?, from, talk, wish).await,
        voted => voted,
    }
}

async fn cast(
    app: &App,
    visitor: &Visitor,
    from: Source,
    talk: TalkId,
    wish: Wish,
) -> Result<(Voted, Option<Cookie<'static>>), Error> {
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let (user, cookie) = visitor.remember(app, from.client, &mut tx).await?;
        let voter = Voter {
            user,
            device: from.device,
            network: Some(Network::of(from.client.0)),
            served: from.served,
        };
        let voted = match wish {
            Wish::Toggle => vote::toggle(&mut tx, talk, &voter).await?,
            Wish::Vote => vote::set(&mut tx, talk, &voter, true).await?,
            Wish::Unvote => vote::set(&mut tx, talk, &voter, false).await?,
        };
        tx.commit().await?;
        Ok((voted, cookie))
    })
    .await
}
