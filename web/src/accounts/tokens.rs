//! A member's API tokens: making and ending them, on the settings' pages. No call of the API does it, so that a token
//! can't make another.

use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::sessions::Token;
use pawdium_shared::accounts::tokens::{self, ApiToken, MOST, NewToken, TokenName};
use pawdium_shared::accounts::{Gated, Scope, Scopes, User, proof};
use pawdium_shared::ids::ApiTokenId;
use pawdium_shared::security::{self, Incident};
use strum::VariantArray as _;

use super::changes::{CURRENT_PASSWORD, check_password, confirm};
use super::factors::{must_prove, or_confirm_for, require_proof};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Field;
use crate::views::sessions::{TokenForm, TokenLine, TokensPage};

/// The page with the tokens.
const PATH: &str = "/settings/tokens";

/// The field of the scopes.
const SCOPES: &str = "scopes";

/// How long a token lives unless the member says otherwise, in days.
const DAYS: u16 = 90;

/// The longest life that can be chosen, in days.
const MOST_DAYS: u16 = 3650;

/// `GET /settings/tokens`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    let Ok(member) = viewing.visitor.member() else {
        return Ok(Redirect::to("/login?next=%2Fsettings%2Ftokens").into_response());
    };
    let form = TokenForm { scopes: choices(member, &Scopes::default()), days: DAYS, ..TokenForm::default() };
    Ok(Page(show(&app, viewing, form, None).await?).into_response())
}

/// `POST /settings/tokens`: makes a token and shows it, this once. The names of the scopes are fields of the form.
pub async fn create(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let member = viewing.visitor.verified(&app, Gated::Tokens)?.clone();
    let wanted = Wanted::read(&fields);
    match make(&app, &viewing.visitor, client, &wanted).await {
        Ok(token) => {
            let form = TokenForm {
                scopes: choices(&member, &Scopes::default()),
                days: DAYS,
                ..TokenForm::default()
            };
            Ok(Page(show(&app, viewing, form, Some(&token)).await?).into_response())
        }
        Err(error) => {
            let Some(field) = error.field() else { return or_confirm_for(jar, PATH, Err(error)) };
            let refused = |name| (field == name).then(|| error.to_string());
            let form = TokenForm {
                name: Field { value: wanted.name.clone(), error: refused("name") },
                scopes: choices(&member, &wanted.scopes),
                scopes_error: refused(SCOPES),
                days: wanted.days,
                password_error: refused(CURRENT_PASSWORD),
            };
            Ok((error.status(), Page(show(&app, viewing, form, None).await?)).into_response())
        }
    }
}

/// `POST /settings/tokens/{id}/end`. One that has ended already is no mistake.
pub async fn end(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(token): Path<ApiTokenId>,
) -> Result<(CookieJar, Redirect), Error> {
    let member = visitor.member()?.id;
    tokens::end(&mut *app.db.acquire().await?, member, token).await?;
    Ok((jar.add(Notice::TokenEnded.cookie()), Redirect::to(PATH)))
}

/// What the form says.
struct Wanted {
    name: String,
    scopes: Scopes,
    days: u16,
    password: String,
}

impl Wanted {
    fn read(fields: &[(String, String)]) -> Self {
        let value =
            |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        Self {
            name: value("name").unwrap_or_default().to_owned(),
            scopes: Scopes::read(fields.iter().map(|(field, _)| field.as_str())),
            days: value("days").and_then(|days| days.parse().ok()).unwrap_or(DAYS).min(MOST_DAYS),
            password: value(CURRENT_PASSWORD).unwrap_or_default().to_owned(),
        }
    }

    /// Checks the fields.
    fn checked(&self, member: &User) -> Result<NewToken, Error> {
        let refuse = |message: &str| Error::Field { field: SCOPES, message: message.to_owned() };
        let name = TokenName::new(&self.name)?;
        if self.scopes.is_empty() {
            return Err(refuse("Choose at least one scope."));
        }
        if self.scopes.held_by(member) != self.scopes {
            return Err(refuse("Only moderators can give the scope moderate."));
        }
        Ok(NewToken { name, scopes: self.scopes.clone(), days: Some(self.days).filter(|days| *days > 0) })
    }
}

async fn make(app: &App, visitor: &Visitor, client: Client, wanted: &Wanted) -> Result<Token, Error> {
    let member = visitor.member()?;
    let new = wanted.checked(member)?;
    let proof = check_password(app, client, member, CURRENT_PASSWORD, &wanted.password).await?;
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[member.id]).await?;
    confirm(&mut tx, visitor, Some(&proof), CURRENT_PASSWORD).await?;
    require_proof(&mut tx, visitor).await?;
    let Some(token) = tokens::make(&mut tx, member.id, &new).await? else {
        return Err(Error::Field {
            field: "name",
            message: format!("You have {MOST} tokens, and that is the most. End one that you don't need."),
        });
    };
    tx.commit().await?;
    security::note(Incident::TokenMade, client.0, Some(member.id));
    Ok(token)
}

/// The scopes that a member can give.
fn choices(member: &User, chosen: &Scopes) -> Vec<(Scope, bool)> {
    let offered = Scopes::of(Scope::VARIANTS.iter().copied()).held_by(member);
    offered.all().map(|scope| (scope, chosen.has(scope))).collect()
}

async fn show(
    app: &App,
    viewing: Viewing,
    form: TokenForm,
    made: Option<&Token>,
) -> Result<TokensPage, Error> {
    let member = viewing.visitor.member()?;
    let mut db = app.db.acquire().await?;
    let lines = tokens::list(&mut db, member.id).await?;
    let must_prove = must_prove(&mut db, &viewing.visitor).await?;
    drop(db);
    let may_make = viewing.visitor.verified(app, Gated::Tokens).is_ok();
    Ok(TokensPage {
        made: made.map(|token| token.expose().to_owned()),
        lines: lines.into_iter().map(line).collect(),
        form: may_make.then_some(form),
        must_prove,
        chrome: viewing.chrome,
    })
}

fn line(token: ApiToken) -> TokenLine {
    TokenLine {
        id: token.id.0,
        name: token.name,
        scopes: token.scopes.to_string(),
        since: token.created_at,
        used: token.last_used_at,
        ends: token.expires_at,
    }
}
