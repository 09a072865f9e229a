//! The form for a queue's limits.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_queue::Limits;
use pawdium_shared::operate;
use serde::Deserialize;

use super::queues;
use crate::error::Error;
use crate::http::access::{Admin, AdminViewing};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::state::App;
use crate::views::Field;
use crate::views::admin::{LimitFields, Window};

/// The limits form. An empty field is no limit.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LimitForm {
    max_running: String,
    starts_per_minute: String,
    partition_max_running: String,
    partition_starts_per_minute: String,
}

/// `POST /admin/queues/{queue}/limits`
pub async fn set(
    State(app): State<App>,
    admin: Admin,
    viewing: AdminViewing,
    jar: CookieJar,
    Path(queue): Path<String>,
    Form(form): Form<LimitForm>,
) -> Result<Response, Error> {
    let queue = queues::find(&queue)?;
    let limits = match form.read() {
        Ok(limits) => limits,
        Err(fields) => {
            let page = queues::show(&app, viewing, Window::default(), Some((queue, *fields))).await?;
            return Ok((StatusCode::BAD_REQUEST, page).into_response());
        }
    };
    operate::limit(&app.db, admin.actor(), queue, limits).await?;
    Ok((jar.add(Notice::LimitsSet.cookie()), Redirect::to("/admin/queues")).into_response())
}

impl LimitForm {
    /// # Errors
    /// The form with its errors.
    fn read(&self) -> Result<Limits, Box<LimitFields>> {
        let limits = (
            limit(&self.max_running),
            limit(&self.starts_per_minute),
            limit(&self.partition_max_running),
            limit(&self.partition_starts_per_minute),
        );
        if let (Ok(max_running), Ok(starts), Ok(partition_max), Ok(partition_starts)) = limits {
            return Ok(Limits {
                max_running,
                starts_per_minute: starts,
                partition_max_running: partition_max,
                partition_starts_per_minute: partition_starts,
            });
        }
        let field = |value: &str, read: Result<_, &'static str>| match read {
            Ok(_) => Field::of(value),
            Err(refusal) => Field::refused(value, refusal),
        };
        Err(Box::new(LimitFields {
            max_running: field(&self.max_running, limits.0),
            starts_per_minute: field(&self.starts_per_minute, limits.1),
            partition_max_running: field(&self.partition_max_running, limits.2),
            partition_starts_per_minute: field(&self.partition_starts_per_minute, limits.3),
        }))
    }
}

fn limit(text: &str) -> Result<Option<i32>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(limit) if (1..=Limits::MOST).contains(&limit) => Ok(Some(limit)),
            _ => Err("Enter a whole number from 1 to 1,000,000, or leave this empty for no limit."),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_from_one_up_or_nothing() {
        assert_eq!(limit(" 12 "), Ok(Some(12)));
        assert_eq!(limit(""), Ok(None));
        for bad in ["0", "-1", "1.5", "x", "1000001", "99999999999", "\0"] {
            assert!(limit(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_refused_limit_keeps_the_others_as_they_were_typed() {
        let form = LimitForm {
            max_running: "3".to_owned(),
            starts_per_minute: "x".to_owned(),
            ..LimitForm::default()
        };
        let fields = form.read().expect_err("x is no number");
        assert_eq!((fields.max_running.value.as_str(), fields.max_running.error), ("3", None));
        assert!(fields.starts_per_minute.error.is_some());
    }
}
