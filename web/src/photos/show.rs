//! A photo's page, also through a share link.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use pawdium_queue::{Job as _, Subject, inspect};
use pawdium_shared::acts::{self, Thing};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::media::ProcessPhoto;
use pawdium_shared::moderation::review::quarantine;
use pawdium_shared::moderation::{self, blocked};
use pawdium_shared::photos::{
    Histogram, Photo, PhotoState, Saving, crops, drafts, expiry, likeness, queries, revisions, steps,
};
use pawdium_shared::ranking::{sharing, virality};
use pawdium_shared::ratings::{self, Lane, Shown, serving};
use sqlx::PgConnection;

use super::block::ALIKE;
use super::moments::record_moment;
use super::place::PlaceQuery;
use super::{changes, find, lineage, posting, present};
use crate::baked::Asked;
use crate::comments::section::{self, CommentQuery};
use crate::embed::oembed;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, pin_cookie};
use crate::moderation::acts::{find_list, line};
use crate::state::App;
use crate::views::baked::{BakedHtml, BakedPhoto, PublicLineage};
use crate::views::card::{CardPicture, LinkCard};
use crate::views::moderation::acts::ActNote;
use crate::views::photo::{CropNews, PhotoOpinion, PhotoPage, PhotoStatus, RatingControl};
use crate::views::{Fragment, Picture};

/// `GET /photos/{photo}`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    Path(id): Path<PhotoId>,
    query: Result<Query<PlaceQuery>, QueryRejection>,
) -> Result<Response, Error> {
    let mut photo = match find_visible(&app, &viewing.visitor, id).await {
        Err(Error::NotFound) => {
            let acts = find_list(&app, &viewing.visitor, Thing::Photo(id)).await?;
            return Ok(acts.ok_or(Error::NotFound)?.into_response());
        }
        found => found?,
    };
    changes::touch(&app, viewing.visitor.id(), &mut photo).await?;
    if photo.state == PhotoState::Live {
        record_moment(&app, &viewing.visitor, client, id, virality::Moment::View).await?;
    }
    let rating = rating_control(&app, &viewing.visitor, &photo).await?;
    let visitor = viewing.visitor.clone();
    let mut page = assemble(&app, viewing, photo, rating, None).await?;
    if let Some(place) = query.ok().and_then(|Query(query)| query.place()) {
        page.place = place.find(&app, &visitor, id).await?;
    }
    Ok(Page(page).into_response())
}

/// [`page`] of a live photo for everybody. Its views are counted by those who send it.
///
/// # Errors
/// [`Error::NotFound`], or a database error.
pub async fn bake(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let id: PhotoId = asked.name().parse().map_err(|_| Error::NotFound)?;
    let nobody = Visitor::nobody();
    let photo = find_visible(&app, &nobody, id).await?;
    let place = match asked.query::<PlaceQuery>()?.place() {
        Some(place) => place.find(&app, &nobody, id).await?,
        None => None,
    };
    let hubs = posting::public_hubs_of(&app, &photo).await?;
    let lineage = lineage::show(&app, id).await?;
    let page = BakedPhoto {
        remixable: photo.remixes,
        lineage: PublicLineage { credit: lineage.credit, remixes: lineage.remixes },
        card: link_card(&app, &photo),
        id: photo.id.0,
        picture: Picture::of(&photo),
        title: photo.title,
        alt: photo.alt,
        species: photo.species.name().to_owned(),
        tags: photo.tags,
        owner: photo.owner_name,
        place,
        created_at: photo.created_at,
        posting: BakedPhoto::hubs(photo.id.0, hubs).map_err(anyhow::Error::from)?,
    };
    asked.bake(&app, page)
}

/// `GET /s/{code}`: counts the visit and lets the visitor rate the photo.
pub async fn shared(
    State(app): State<App>,
    mut viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Path(code): Path<String>,
) -> Result<(CookieJar, Page<PhotoPage>), Error> {
    if !code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err(Error::NotFound);
    }
    viewing.visitor.renew_key(&app).await?;
    let mut db = app.db.acquire().await?;
    let id = sharing::find_shared(&mut db, &code).await?.ok_or(Error::NotFound)?;
    drop(db);
    let photo = find_visible(&app, &viewing.visitor, id).await?;
    record_moment(&app, &viewing.visitor, client, id, virality::Moment::LinkView).await?;
    let mut rating = rating_control(&app, &viewing.visitor, &photo).await?;
    if matches!(rating, RatingControl::NotServed | RatingControl::Rate { .. }) {
        let ballot = app.ballots.issue(Shown::of(&photo), viewing.visitor.key, Lane::Link, Utc::now());
        rating = RatingControl::Rate { ballot };
    }
    let jar = match viewing.visitor.user {
        // The ballot is bound to the key, so the cookie must return it.
        None => jar.add(pin_cookie(&app, viewing.visitor.key, viewing.visitor.pinned)),
        Some(_) => jar,
    };
    Ok((jar, Page(assemble(&app, viewing, photo, rating, None).await?)))
}

/// `GET /photos/{photo}/status`: the part that a live refresh fetches.
pub async fn status(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<PhotoId>,
) -> Result<Page<PhotoStatus>, Error> {
    let photo = find_visible(&app, &visitor, id).await?;
    Ok(Page(photo_status(&app, &visitor, &photo).await?))
}

/// `GET /photos/{photo}/opinion`: the part that a live refresh fetches, for those who know what everybody thinks.
pub async fn opinion_part(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<PhotoId>,
) -> Result<Page<PhotoOpinion>, Error> {
    let photo = find_visible(&app, &visitor, id).await?;
    let rating = rating_control(&app, &visitor, &photo).await?;
    if photo.state == PhotoState::Live && rating.knows() {
        Ok(Page(opinion(&app, &photo).await?))
    } else {
        Err(Error::NotFound)
    }
}

/// Finds a photo that the visitor may see. Everybody sees live photos; only the owner and moderators see others.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_visible(app: &App, visitor: &Visitor, id: PhotoId) -> Result<Photo, Error> {
    let photo = find::find(app, id).await?;
    let visible = photo.state == PhotoState::Live || visitor.id() == photo.owner || visitor.moderates();
    if visible { Ok(photo) } else { Err(Error::NotFound) }
}

/// Assembles the page.
pub(crate) async fn assemble(
    app: &App,
    viewing: Viewing,
    photo: Photo,
    rating: RatingControl,
    share_url: Option<String>,
) -> Result<PhotoPage, Error> {
    let own = viewing.visitor.id() == photo.owner;
    let opinion = if photo.state == PhotoState::Live && rating.knows() {
        Some(Fragment::render(&opinion(app, &photo).await?).map_err(anyhow::Error::from)?)
    } else {
        None
    };
    let may_keep = own && photo.state != PhotoState::Hidden;
    let earlier =
        if may_keep { likeness::find_earlier(&mut *app.db.acquire().await?, photo.id).await? } else { None };
    let hubs = posting::hubs_of(app, &viewing.visitor, &photo).await?;
    let status = photo_status(app, &viewing.visitor, &photo).await?;
    let lineage = lineage::show(app, photo.id).await?;
    let crop = match photo.state {
        PhotoState::Live if own => crop_news(app, &photo).await?,
        _ => None,
    };
    let original = match photo.state {
        PhotoState::Draft if own => drafts::find_original(&mut *app.db.acquire().await?, photo.id).await?,
        _ => None,
    };
    let is_changeable = matches!(photo.state, PhotoState::Draft | PhotoState::Processing | PhotoState::Live);
    let comments = if photo.state == PhotoState::Live {
        let query = CommentQuery::of(&viewing.chrome.path);
        Some(section::load(app, &viewing.visitor, &photo, rating.knows(), &query).await?)
    } else {
        None
    };
    let (alike, act) = if viewing.visitor.moderates() && photo.state == PhotoState::Hidden {
        for_moderators(app, photo.id).await?
    } else {
        (Vec::new(), None)
    };
    Ok(PhotoPage {
        card: link_card(app, &photo),
        alike: alike.iter().map(|photo| present::card(photo, false)).collect(),
        act,
        posting: Fragment::render(&hubs).map_err(anyhow::Error::from)?,
        earlier: earlier.map(|photo| photo.0),
        status,
        can_delete: own || viewing.visitor.moderates(),
        can_edit: own && is_changeable,
        can_remix: photo.state == PhotoState::Live && (photo.remixes || own),
        revisions: (own || viewing.visitor.moderates())
            .then_some(photo.revision)
            .filter(|number| *number > 1),
        credit: lineage.credit,
        remixes: lineage.remixes,
        crop,
        moderates: viewing.visitor.moderates(),
        chrome: viewing.chrome,
        id: photo.id.0,
        picture: Picture::of(&photo),
        original: original.map(|_| format!("/photos/{}/original", photo.id)),
        title: photo.title,
        alt: photo.alt,
        species: photo.species.name().to_owned(),
        tags: photo.tags,
        owner: photo.owner_name,
        place: None,
        created_at: photo.created_at,
        opinion,
        rating,
        share_url,
        own,
        comments,
    })
}

/// What moderators see of a hidden photo: live ones of the same picture if it is blocked, and the act to undo.
async fn for_moderators(app: &App, photo: PhotoId) -> Result<(Vec<Photo>, Option<Fragment>), Error> {
    let mut db = app.db.acquire().await?;
    let alike = match blocked::reason_of(&mut db, photo).await? {
        Some(_) => queries::list_alike(&mut db, photo, ALIKE).await?,
        None => Vec::new(),
    };
    let act = acts::find_open(&mut db, Thing::Photo(photo)).await?.map(|act| ActNote { act: line(act) });
    let act = act.as_ref().map(Fragment::render).transpose().map_err(anyhow::Error::from)?;
    Ok((alike, act))
}

/// What other sites show of a link to a live photo.
fn link_card(app: &App, photo: &Photo) -> Option<LinkCard> {
    if photo.state != PhotoState::Live {
        return None;
    }
    let url = app.url(&format!("/photos/{}", photo.id));
    let by = photo.owner_name.as_ref().map_or_else(String::new, |owner| format!(" by {owner}"));
    Some(LinkCard {
        kind: "article",
        title: photo.title.clone(),
        description: format!("A photo{by} on Pawdium. How derpy is it, from 1 to 10?"),
        picture: CardPicture::of(photo, |path| app.url(path)),
        oembed: Some(app.url(&oembed::address(&url))),
        url,
    })
}

pub(crate) async fn rating_control(
    app: &App,
    visitor: &Visitor,
    photo: &Photo,
) -> Result<RatingControl, Error> {
    if photo.owner == visitor.id() {
        return Ok(RatingControl::Own);
    }
    let mut db = app.db.acquire().await?;
    if let Some(value) = ratings::queries::find(&mut db, photo.id, visitor.id()).await? {
        return Ok(RatingControl::Change { value: value.into() });
    }
    let lane = match &visitor.user {
        Some(user) => serving::lane_on_page(&mut db, user.id, photo.id).await?,
        None => visitor.pinned.filter(|pinned| *pinned == photo.id).map(|_| Lane::Random),
    };
    Ok(match lane {
        Some(lane) if photo.state == PhotoState::Live => {
            let ballot = app.ballots.issue(Shown::of(photo), visitor.key, lane, Utc::now());
            RatingControl::Rate { ballot }
        }
        _ => RatingControl::NotServed,
    })
}

async fn photo_status(app: &App, visitor: &Visitor, photo: &Photo) -> Result<PhotoStatus, Error> {
    let mut steps = Vec::new();
    let (mut why, mut saved, mut picture) = (None, None, Picture::default());
    let mut is_quarantined = false;
    if visitor.id() == photo.owner || visitor.moderates() {
        let mut db = app.db.acquire().await?;
        steps = steps::list(&mut db, photo.id).await?;
        if photo.state == PhotoState::Processing {
            why = why_processing(&mut db, photo.id).await?;
        } else if photo.state == PhotoState::Hidden {
            why = match blocked::reason_of(&mut db, photo.id).await? {
                Some(reason) => Some(reason),
                None => acts::find_reason(&mut db, Thing::Photo(photo.id)).await?,
            };
            is_quarantined = quarantine::is_quarantined(&mut db, moderation::Thing::Photo(photo.id)).await?;
        }
        let bytes = queries::find_original_bytes(&mut db, photo.id).await?;
        saved = bytes.and_then(|bytes| Saving::of(bytes, &photo.sizes));
        picture = Picture::of(photo);
    }
    Ok(PhotoStatus {
        id: photo.id.0,
        state: photo.state,
        reason: photo.reason.clone(),
        steps,
        why,
        saved,
        picture,
        alt: photo.alt.clone(),
        title: photo.title.clone(),
        expires_at: (photo.state == PhotoState::Draft)
            .then(|| expiry::expires_at(photo.touched_at, app.config.upkeep.draft_days)),
        may_publish: visitor.id() == photo.owner && visitor.member().is_ok(),
        is_quarantined,
    })
}

/// What the owner of a live photo hears of its new crop.
async fn crop_news(app: &App, photo: &Photo) -> Result<Option<CropNews>, Error> {
    let mut db = app.db.acquire().await?;
    if crops::find(&mut db, photo.id).await?.is_some() {
        return Ok(Some(CropNews::Pending));
    }
    Ok(crops::find_problem(&mut db, photo.id).await?.map(CropNews::Failed))
}

/// Why a photo is still being processed, from its job's state; `None` without a job.
pub(crate) async fn why_processing(db: &mut PgConnection, id: PhotoId) -> sqlx::Result<Option<String>> {
    let job = inspect::find_live_about(db, ProcessPhoto::KIND, Subject::from(id)).await?;
    match job {
        Some(job) => Ok(inspect::explain(db, &job).await?.for_owner(Utc::now())),
        None => Ok(None),
    }
}

async fn opinion(app: &App, photo: &Photo) -> Result<PhotoOpinion, Error> {
    let earlier = if photo.picture_since > 1 {
        revisions::count_earlier_ratings(&mut *app.db.acquire().await?, photo.id).await?
    } else {
        Histogram::default()
    };
    Ok(PhotoOpinion {
        since: photo.picture_since,
        earlier,
        histogram: photo.histogram,
        rank: photo.rank.map(i64::from),
        virality: photo.virality.map(|_| virality::present(photo.virality, Utc::now())),
        views: photo.views,
        shares: photo.shares,
    })
}
