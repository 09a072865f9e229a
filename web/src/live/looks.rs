//! Looking again whether a viewer may still see what their stream tells.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use pawdium_shared::accounts::sessions::{Presented, TokenHash};
use pawdium_shared::hubs::queries;
use pawdium_shared::live::Topic;
use tokio::time::Instant;

use crate::error::Error;
use crate::http::acts::is_admitted;
use crate::http::visitor::Visitor;
use crate::http::withheld::withhold;
use crate::hubs::access::may_see;
use crate::imports::show::is_own;
use crate::state::App;
use crate::talks::access::{find_call, find_standing};

/// How long a look holds.
const HOLDS: Duration = Duration::from_secs(5);

/// Below this many, old looks are kept.
const FEW: usize = 1024;

/// Who may see a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Everybody, so that only a change of the topic's own can end it.
    Everybody,
    /// This viewer, as long as they have their role.
    Viewer,
    /// Not this viewer.
    Nobody,
}

/// Whose look at what.
type Looker = (Topic, Option<TokenHash>);

/// The latest look of this process at each topic for each viewer; without a viewer, for everybody.
#[derive(Debug, Default)]
pub struct Looks(Mutex<HashMap<Looker, (Instant, bool)>>);

impl Looks {
    /// Who may see the topic, by a look that is at most five seconds old and not older than `since`.
    pub(super) async fn sight(
        &self,
        app: &App,
        topic: Topic,
        viewer: Option<TokenHash>,
        since: Option<Instant>,
    ) -> Result<Sight, Error> {
        if self.allows(app, topic, None, since).await? {
            return Ok(Sight::Everybody);
        }
        let allowed = viewer.is_some() && self.allows(app, topic, viewer, since).await?;
        Ok(if allowed { Sight::Viewer } else { Sight::Nobody })
    }

    async fn allows(
        &self,
        app: &App,
        topic: Topic,
        viewer: Option<TokenHash>,
        since: Option<Instant>,
    ) -> Result<bool, Error> {
        let key = (topic, viewer);
        let known = self.0.lock().get(&key).copied();
        if let Some((at, allowed)) = known
            && at.elapsed() < HOLDS
            && since.is_none_or(|since| at >= since)
        {
            return Ok(allowed);
        }
        // What changes during the look is not seen by it.
        let at = Instant::now();
        let allowed = look(app, topic, viewer).await?;
        let mut looks = self.0.lock();
        if looks.len() >= FEW && looks.len() == looks.capacity() {
            looks.retain(|_, (at, _)| at.elapsed() < HOLDS);
        }
        looks.insert(key, (at, allowed));
        Ok(allowed)
    }
}

async fn look(app: &App, topic: Topic, viewer: Option<TokenHash>) -> Result<bool, Error> {
    let mut user = match viewer {
        Some(hash) => app.sessions.call(Presented { hash, origin: None }).await?.filter(is_admitted),
        None => None,
    };
    if let Some(user) = &mut user {
        withhold(app, user).await?;
    }
    match topic {
        Topic::Hub(hub) => {
            let mut db = app.db.acquire().await?;
            let Some(hub) = queries::find(&mut db, hub).await? else { return Ok(false) };
            Ok(may_see(&mut db, &hub, user.as_ref()).await?)
        }
        Topic::Call(call) | Topic::Standing(call) => {
            let visitor = Visitor { user, ..Visitor::nobody() };
            let found = match topic {
                Topic::Standing(_) => find_standing(app, &visitor, call).await,
                _ => find_call(app, &visitor, call).await,
            };
            match found {
                Ok(_) => Ok(true),
                Err(Error::NotFound) => Ok(false),
                Err(error) => Err(error),
            }
        }
        Topic::Queues | Topic::Job(_) => Ok(user.is_some_and(|user| user.role.moderates())),
        Topic::Notifications(member) => Ok(user.is_some_and(|user| user.id == member)),
        Topic::Sessions(member) => Ok(user.is_some_and(|user| user.id == member)),
        Topic::Import(import) => is_own(app, &Visitor { user, ..Visitor::nobody() }, import).await,
        Topic::Photo(_) | Topic::Comments(_) => Ok(true),
    }
}
