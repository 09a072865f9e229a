//! What a stream is asked to watch.

use pawdium_queue::JobId;
use pawdium_shared::ids::{CallId, ImportId, PhotoId, UserId};
use pawdium_shared::live::Topic;
use pawdium_shared::photos::PhotoState;
use pawdium_shared::talks::{Phase, Totals};
use url::form_urlencoded;

use super::feed::Shown;
use crate::comments::access::find_comments;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::hubs::access::{find_profile, find_visible_hub};
use crate::imports::show::is_own;
use crate::photos::show::find_visible;
use crate::state::App;
use crate::talks::access::{find_call, find_standing};

/// The most topics of one stream.
const MOST: usize = 256;

/// One topic of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// As it stands in the query, by which the client knows it: `hub=cats`.
    pub(super) name: String,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Hub(String),
    Member(String),
    Photo(PhotoId),
    Call(CallId),
    Standing(CallId),
    Comments(PhotoId),
    Notifications(UserId),
    Import(ImportId),
    Queues,
    Job(JobId),
    /// An id that is none.
    Nothing,
}

/// A topic that the visitor may see, and whether its changes are noticed by asking the database.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) shown: Shown,
    pub(super) is_polled: bool,
}

/// Reads the query. Ignores parameters of other names and topics that are named again.
///
/// # Errors
/// [`Error::Refused`] without a topic, or with too many.
pub(super) fn read(query: &str) -> Result<Vec<Asked>, Error> {
    let mut asked: Vec<Asked> = Vec::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let what = match &*key {
            "hub" => What::Hub(value.to_string()),
            "member" => What::Member(value.to_string()),
            "photo" => value.parse().map_or(What::Nothing, What::Photo),
            "call" => value.parse().map_or(What::Nothing, What::Call),
            "standing" => value.parse().map_or(What::Nothing, What::Standing),
            "comments" => value.parse().map_or(What::Nothing, What::Comments),
            "notifications" => value.parse().map_or(What::Nothing, What::Notifications),
            "import" => value.parse().map_or(What::Nothing, What::Import),
            "job" => value.parse().map_or(What::Nothing, What::Job),
            "queues" => What::Queues,
            _ => continue,
        };
        let name = format!("{key}={value}");
        if !asked.iter().any(|before| before.name == name) {
            asked.push(Asked { name, what });
        }
    }
    match asked.len() {
        0 => Err(Error::Refused(
            "Name what to watch: hub=<slug>, member=<name>, photo=<id> or call=<id>, each as often as needed."
                .to_owned(),
        )),
        1..=MOST => Ok(asked),
        _ => Err(Error::Refused(format!("A stream can watch {MOST} topics."))),
    }
}

impl Asked {
    /// Finds the topic. `None` if it doesn't exist or the visitor may not see it.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn find(&self, app: &App, visitor: &Visitor) -> Result<Option<Found>, Error> {
        match self.look(app, visitor).await {
            Ok((topic, is_guarded, is_polled)) => {
                Ok(Some(Found { shown: Shown::new(topic, self.name.clone(), is_guarded), is_polled }))
            }
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn look(&self, app: &App, visitor: &Visitor) -> Result<(Topic, bool, bool), Error> {
        match &self.what {
            What::Hub(slug) => {
                let hub = find_visible_hub(app, visitor, slug).await?;
                Ok((Topic::Hub(hub.id), !hub.is_public(), false))
            }
            What::Member(name) => {
                let profile = find_profile(app, name).await?;
                Ok((Topic::Hub(profile.id), false, false))
            }
            What::Photo(id) => {
                let photo = find_visible(app, visitor, *id).await?;
                Ok((Topic::Photo(*id), false, photo.state == PhotoState::Processing))
            }
            What::Call(id) => {
                let seen = find_call(app, visitor, *id).await?;
                let is_guarded = !seen.hub.is_public() || seen.call.phase == Phase::Draft;
                Ok((Topic::Call(*id), is_guarded, false))
            }
            What::Standing(id) => {
                let seen = find_standing(app, visitor, *id).await?;
                let is_open = seen.call.phase.is_over() || seen.call.totals == Totals::Shown;
                Ok((Topic::Standing(*id), !is_open || !seen.hub.is_public(), false))
            }
            What::Comments(id) => {
                let seen = find_comments(app, visitor, *id).await?;
                if seen.viewer.knows {
                    Ok((Topic::Comments(*id), false, false))
                } else {
                    Err(Error::NotFound)
                }
            }
            What::Notifications(id) if visitor.member().is_ok_and(|member| member.id == *id) => {
                Ok((Topic::Notifications(*id), true, false))
            }
            What::Import(id) if is_own(app, visitor, *id).await? => Ok((Topic::Import(*id), true, false)),
            What::Queues if visitor.moderates() => Ok((Topic::Queues, true, true)),
            What::Job(id) if visitor.moderates() => Ok((Topic::Job(*id), true, true)),
            What::Notifications(_) | What::Import(_) | What::Queues | What::Job(_) | What::Nothing => {
                Err(Error::NotFound)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_once_each_under_the_names_that_the_client_uses() {
        let asked =
            read("hub=cats&photo=12&hub=cats&hub=%C3%A4&photo=x&theme=dark&queues=1&member=Ada&job=3&call=5");
        let asked = asked.expect("it is fine");
        let names: Vec<_> = asked.iter().map(|asked| asked.name.as_str()).collect();
        assert_eq!(
            names,
            ["hub=cats", "photo=12", "hub=ä", "photo=x", "queues=1", "member=Ada", "job=3", "call=5"]
        );
        assert_eq!(asked[1].what, What::Photo(PhotoId(12)));
        assert_eq!(asked[3].what, What::Nothing);
    }

    #[test]
    fn a_stream_watches_something_and_not_everything() {
        assert!(matches!(read("theme=dark"), Err(Error::Refused(_))));
        let many: Vec<_> = (0..=MOST).map(|photo| format!("photo={photo}")).collect();
        assert!(read(&many[1..].join("&")).is_ok());
        assert!(matches!(read(&many.join("&")), Err(Error::Refused(_))));
    }
}
