//! The page on which owners edit drafts and live photos, and the one that shows both versions to a tab that is late.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_media::{Crop, Limits};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Commenters, Photo, PhotoState, crops, drafts, expiry, pictures, posting};

use super::changes::{self, Changed, Wanted};
use super::present::media_path;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::edit::{ConflictPage, CropPart, EditPage, HubBox, Line};
use crate::views::{Field, Picture};

/// The form, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditForm {
    version: String,
    title: String,
    alt: String,
    species: String,
    tags: String,
    crop: String,
    /// The slugs of the chosen hubs.
    hubs: Vec<String>,
    /// Whether the form offered hubs.
    offers_hubs: bool,
    comments: bool,
    remixes: bool,
}

impl EditForm {
    /// Reads a form. Checkboxes that are not chosen are not sent.
    fn parse(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            let value = value.into_owned();
            match &*name {
                "version" => form.version = value,
                "title" => form.title = value,
                "alt" => form.alt = value,
                "species" => form.species = value,
                "tags" => form.tags = value,
                "crop" => form.crop = value,
                "hubs" if !value.is_empty() => form.hubs.push(value),
                "offers-hubs" => form.offers_hubs = true,
                "comments" => form.comments = true,
                "remixes" => form.remixes = true,
                _ => {}
            }
        }
        form
    }

    /// What the photo is now.
    fn of(photo: &Photo, hubs: Vec<String>) -> Self {
        Self {
            version: photo.version.to_string(),
            title: photo.title.clone(),
            alt: photo.alt.clone(),
            species: photo.species.name().to_owned(),
            tags: photo.tags.join(", "),
            crop: String::new(),
            offers_hubs: true,
            comments: photo.comments == Commenters::Registered,
            remixes: photo.remixes,
            hubs,
        }
    }

    fn commenters(&self) -> Commenters {
        if self.comments { Commenters::Registered } else { Commenters::Nobody }
    }
}

/// `GET /photos/{photo}/edit`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<PhotoId>,
) -> Result<Page<EditPage>, Error> {
    let mut photo = changes::find_own(&app, &viewing.visitor, id).await?;
    changes::touch(&app, viewing.visitor.id(), &mut photo).await?;
    Ok(Page(show(&app, viewing, photo, None, None).await?))
}

/// `POST /photos/{photo}/edit`
pub async fn save(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
    body: Bytes,
) -> Result<Response, Error> {
    let form = EditForm::parse(&body);
    let hubs = form.hubs.join(",");
    let wanted = Wanted {
        title: Some(&form.title),
        alt: Some(&form.alt),
        species: Some(&form.species),
        tags: Some(&form.tags),
        crop: Some(&form.crop),
        hubs: form.offers_hubs.then_some(&hubs),
        comments: Some(form.commenters().name()),
        remixes: Some(form.remixes),
    };
    match changes::change(&app, &viewing.visitor, id, wanted, form.version.parse().ok()).await {
        Ok(Changed::Done) => {
            let photo = changes::find_own(&app, &viewing.visitor, id).await?;
            let is_draft = photo.state == PhotoState::Draft;
            let notice = if is_draft { Notice::DraftKept } else { Notice::ChangesSaved };
            let back = if is_draft { format!("/photos/{id}/edit") } else { format!("/photos/{id}") };
            Ok((jar.add(notice.cookie()), Redirect::to(&back)).into_response())
        }
        Ok(Changed::Stale) => {
            let page = conflict(&app, viewing, id, form).await?;
            Ok((StatusCode::CONFLICT, Page(page)).into_response())
        }
        Err(error) if error.field().is_some() => {
            let photo = changes::find_own(&app, &viewing.visitor, id).await?;
            let page = show(&app, viewing, photo, Some(form), Some(&error)).await?;
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// The page with what is wrong, for another form that can be mended here.
///
/// # Errors
/// When the database fails.
pub(super) async fn show_refused(
    app: &App,
    viewing: Viewing,
    id: PhotoId,
    error: &Error,
) -> Result<EditPage, Error> {
    let photo = changes::find_own(app, &viewing.visitor, id).await?;
    show(app, viewing, photo, None, Some(error)).await
}

async fn show(
    app: &App,
    viewing: Viewing,
    photo: Photo,
    entered: Option<EditForm>,
    error: Option<&Error>,
) -> Result<EditPage, Error> {
    if !matches!(photo.state, PhotoState::Draft | PhotoState::Live | PhotoState::Processing) {
        return Err(pawdium_shared::photos::NotChanged::Unchangeable.into());
    }
    let hubs = list_hubs(app, &viewing.visitor, &photo).await?;
    let form = entered.unwrap_or_else(|| {
        let chosen = hubs.iter().filter(|hub| hub.is_chosen).map(|hub| hub.slug.clone());
        EditForm::of(&photo, chosen.collect())
    });
    let hubs =
        hubs.into_iter().map(|hub| HubBox { is_chosen: form.hubs.contains(&hub.slug), ..hub }).collect();
    let refused = |name: &str| error.filter(|error| error.field() == Some(name)).map(Error::to_string);
    let field = |name: &str, value: String| Field { value, error: refused(name) };
    let crop = crop_part(app, &photo, field("crop", form.crop.clone())).await?;
    let is_draft = photo.state == PhotoState::Draft;
    Ok(EditPage {
        chrome: viewing.chrome,
        id: photo.id.0,
        state: photo.state,
        may_publish: is_draft && viewing.visitor.member().is_ok(),
        version: form.version,
        title: field("title", form.title),
        same_title: match error {
            Some(Error::Existing { url, .. }) => Some(url.clone()),
            _ => None,
        },
        alt: field("alt", form.alt),
        species: field("species", form.species),
        tags: field("tags", form.tags),
        hubs,
        hubs_error: refused("hubs"),
        comments: form.comments,
        remixes: form.remixes,
        photo_error: refused("photo"),
        lacks_picture: crop.is_none() && is_draft && photo.sizes.is_empty(),
        crop,
        expires_at: is_draft.then(|| expiry::expires_at(photo.touched_at, app.config.upkeep.draft_days)),
        revision: photo.revision,
        name: photo.title,
    })
}

/// What the owner crops; `None` if there is nothing to crop.
async fn crop_part(app: &App, photo: &Photo, field: Field) -> Result<Option<CropPart>, Error> {
    let mut db = app.db.acquire().await?;
    let min_side = Limits::from(&app.config.media).min_side;
    let (is_pending, problem) = match photo.state {
        PhotoState::Live => {
            (crops::find(&mut db, photo.id).await?.is_some(), crops::find_problem(&mut db, photo.id).await?)
        }
        PhotoState::Draft => (false, None),
        _ => return Ok(None),
    };
    let (url, chosen) = if drafts::find_original(&mut db, photo.id).await?.is_some() {
        (format!("/photos/{}/original", photo.id), drafts::find_crop(&mut db, photo.id).await?)
    } else {
        let Some(source) = pictures::find_source(&mut db, photo.id).await? else { return Ok(None) };
        let chosen = if photo.state == PhotoState::Draft {
            drafts::find_crop(&mut db, photo.id).await?
        } else {
            crops::find_wanted(&mut db, photo.id).await?
        };
        // Only what crops of at least the smallest side fit into can be cropped.
        if source.side < min_side {
            return Ok(None);
        }
        (media_path(&source.key), chosen)
    };
    Ok(Some(CropPart {
        url,
        min_side,
        chosen: chosen.as_ref().map(Crop::to_string).unwrap_or_default(),
        field,
        is_pending,
        problem,
    }))
}

/// The hubs that show the photo, and those to which it can be posted.
async fn list_hubs(app: &App, visitor: &Visitor, photo: &Photo) -> Result<Vec<HubBox>, Error> {
    if visitor.member().is_err() {
        return Ok(Vec::new());
    }
    let mut db = app.db.acquire().await?;
    let hubs = posting::list_hubs(&mut db, photo.id, visitor.id(), false, true).await?;
    Ok(hubs.into_iter().map(|hub| HubBox { slug: hub.slug, name: hub.name, is_chosen: hub.shows }).collect())
}

/// Both versions, with a form that stores the late one after all.
async fn conflict(app: &App, viewing: Viewing, id: PhotoId, mine: EditForm) -> Result<ConflictPage, Error> {
    let photo = changes::find_own(app, &viewing.visitor, id).await?;
    let hubs = list_hubs(app, &viewing.visitor, &photo).await?;
    let shown = hubs.iter().filter(|hub| hub.is_chosen).map(|hub| hub.slug.clone()).collect();
    let theirs = EditForm::of(&photo, shown);
    let names = |slugs: &[String]| -> String {
        let chosen = hubs.iter().filter(|hub| slugs.contains(&hub.slug));
        chosen.map(|hub| hub.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let may = |yes: bool, who: &str| if yes { who.to_owned() } else { "Nobody".to_owned() };
    let mut lines = vec![
        Line::new("Title", &theirs.title, &mine.title),
        Line::new("Description", &theirs.alt, &mine.alt),
        Line::new("Species", &theirs.species, &mine.species),
        Line::new("Tags", &theirs.tags, &mine.tags),
    ];
    if mine.offers_hubs {
        lines.push(Line::new("Hubs", &names(&theirs.hubs), &names(&mine.hubs)));
    }
    lines.push(Line::new(
        "May comment",
        &may(theirs.comments, "Everybody registered"),
        &may(mine.comments, "Everybody registered"),
    ));
    lines.push(Line::new("May remix", &may(theirs.remixes, "Everybody"), &may(mine.remixes, "Everybody")));
    if !mine.crop.is_empty() {
        lines.push(Line::new("Crop", "", &mine.crop));
    }
    Ok(ConflictPage {
        chrome: viewing.chrome,
        id: photo.id.0,
        picture: Picture::of(&photo),
        name: photo.title.clone(),
        lines,
        version: photo.version,
        title: mine.title,
        alt: mine.alt,
        species: mine.species,
        tags: mine.tags,
        crop: mine.crop,
        hubs: mine.hubs,
        offers_hubs: mine.offers_hubs,
        comments: mine.comments,
        remixes: mine.remixes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_any_number_of_hubs_and_only_chosen_boxes() {
        let form = EditForm::parse(b"version=3&title=A+cat&hubs=cats&hubs=dogs&offers-hubs=1&remixes=1");
        assert_eq!((form.version.as_str(), form.title.as_str()), ("3", "A cat"));
        assert_eq!(form.hubs, ["cats", "dogs"]);
        assert!(form.offers_hubs && form.remixes && !form.comments);
        assert_eq!(form.commenters(), Commenters::Nobody);
    }
}
