//! The form of a report, and what it sends.

use axum::extract::{Form, OriginalUri, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::ids::{CommentId, PhotoId, TalkId};
use pawdium_shared::moderation::review::Category;
use serde::Deserialize;
use strum::VariantArray as _;
use url::form_urlencoded::byte_serialize;

use super::target::Target;
use super::{acts, target};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::Field;
use crate::views::reports::{CategoryChoice, ReportPage};

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportForm {
    category: String,
    text: String,
}

/// `GET /photos/{photo}/report`
pub async fn photo(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<PhotoId>,
) -> Result<Response, Error> {
    let target = target::photo(&app, &viewing.visitor, id).await?;
    Ok(show(viewing, &target))
}

/// `POST /photos/{photo}/report`
pub async fn report_photo(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
    Form(form): Form<ReportForm>,
) -> Result<Response, Error> {
    let target = target::photo(&app, &viewing.visitor, id).await?;
    send(&app, viewing, jar, &target, form).await
}

/// `GET /comments/{comment}/report`
pub async fn comment(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<CommentId>,
) -> Result<Response, Error> {
    let target = target::comment(&app, &viewing.visitor, id).await?;
    Ok(show(viewing, &target))
}

/// `POST /comments/{comment}/report`
pub async fn report_comment(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<CommentId>,
    Form(form): Form<ReportForm>,
) -> Result<Response, Error> {
    let target = target::comment(&app, &viewing.visitor, id).await?;
    send(&app, viewing, jar, &target, form).await
}

/// `GET /talks/{talk}/report`
pub async fn talk(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<TalkId>,
) -> Result<Response, Error> {
    let target = target::talk(&app, &viewing.visitor, id).await?;
    Ok(show(viewing, &target))
}

/// `POST /talks/{talk}/report`
pub async fn report_talk(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<TalkId>,
    Form(form): Form<ReportForm>,
) -> Result<Response, Error> {
    let target = target::talk(&app, &viewing.visitor, id).await?;
    send(&app, viewing, jar, &target, form).await
}

/// `GET /h/{slug}/report`
pub async fn hub(
    State(app): State<App>,
    viewing: Viewing,
    OriginalUri(uri): OriginalUri,
    Path(slug): Path<String>,
) -> Result<Response, Error> {
    let target = target::hub(&app, &viewing.visitor, &slug, &uri).await?;
    Ok(show(viewing, &target))
}

/// `POST /h/{slug}/report`
pub async fn report_hub(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    OriginalUri(uri): OriginalUri,
    Path(slug): Path<String>,
    Form(form): Form<ReportForm>,
) -> Result<Response, Error> {
    let target = target::hub(&app, &viewing.visitor, &slug, &uri).await?;
    send(&app, viewing, jar, &target, form).await
}

/// `GET /members/{name}/report`
pub async fn member(
    State(app): State<App>,
    viewing: Viewing,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let target = target::member(&app, &name).await?;
    Ok(show(viewing, &target))
}

/// `POST /members/{name}/report`
pub async fn report_member(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(name): Path<String>,
    Form(form): Form<ReportForm>,
) -> Result<Response, Error> {
    let target = target::member(&app, &name).await?;
    send(&app, viewing, jar, &target, form).await
}

/// The empty form; visitors who aren't registered log in first.
fn show(viewing: Viewing, target: &Target) -> Response {
    if viewing.visitor.member().is_err() {
        let next: String = byte_serialize(format!("{}/report", target.path).as_bytes()).collect();
        return Redirect::to(&format!("/login?next={next}")).into_response();
    }
    Page(form_page(viewing, target, ReportForm::default(), None)).into_response()
}

async fn send(
    app: &App,
    viewing: Viewing,
    jar: CookieJar,
    target: &Target,
    form: ReportForm,
) -> Result<Response, Error> {
    match acts::file(app, &viewing.visitor, target.thing, &form.category, &form.text).await {
        Ok(filed) => {
            let notice = if filed.is_new { Notice::Reported } else { Notice::ReportedBefore };
            Ok((jar.add(notice.cookie()), Redirect::to(&target.path)).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::TooMany(_) | Error::OutOfTurn(_))) => {
            let page = form_page(viewing, target, form, Some(&error));
            Ok((error.status(), axum::Extension(error.noted()), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

fn form_page(viewing: Viewing, target: &Target, form: ReportForm, error: Option<&Error>) -> ReportPage {
    let refused =
        |name: &str| error.filter(|error| error.field().unwrap_or("category") == name).map(Error::to_string);
    let offered = Category::VARIANTS.iter().filter(|category| category.fits(target.thing));
    ReportPage {
        chrome: viewing.chrome,
        what: target.thing.about(),
        title: target.title.clone(),
        path: target.path.clone(),
        categories: offered
            .map(|category| CategoryChoice {
                name: category.name(),
                title: category.title(),
                hint: category.hint(),
                is_chosen: form.category == category.name(),
            })
            .collect(),
        category_error: refused("category"),
        text: Field { error: refused("text"), value: form.text },
    }
}
