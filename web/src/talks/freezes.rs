//! Freezing results when they are asked for. The tally freezes them too, but seconds later.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::results;
use tokio::time::timeout;
use tracing::warn;

use crate::error::Error;
use crate::state::App;

/// How long a page waits. After that it says that votes are counted, and looks again.
pub const BRIEFLY: Duration = Duration::from_millis(1500);

/// How long a program waits, which wants an answer.
pub const PATIENTLY: Duration = Duration::from_secs(20);

/// The results that are being frozen in this process. All who ask for one wait for the same.
#[derive(Clone, Debug, Default)]
pub struct Freezes(Arc<Mutex<HashMap<CallId, Shared<BoxFuture<'static, ()>>>>>);

impl Freezes {
    /// Begins to freeze the result of a call that has closed, unless it has begun. It goes on whether anybody waits or
    /// not.
    pub fn begin(&self, app: &App, call: CallId) {
        drop(self.join(app, call));
    }

    /// Waits for the end of it, so long at most. Whether the result is frozen then is to be seen.
    pub async fn wait(&self, app: &App, call: CallId, patience: Duration) {
        // Who loses patience sees that it isn't frozen yet.
        let _ = timeout(patience, self.join(app, call)).await;
    }

    fn join(&self, app: &App, call: CallId) -> Shared<BoxFuture<'static, ()>> {
        let mut running = self.0.lock();
        if let Some(freeze) = running.get(&call) {
            return freeze.clone();
        }
        let (app, freezes) = (app.clone(), self.clone());
        let task = tokio::spawn(async move {
            // Also if freezing panics, the next one who asks tries again.
            let _end = End { freezes, call };
            if let Err(error) = freeze(&app, call).await {
                warn!(%call, %error, "the result of a call could not be frozen yet");
            }
        });
        let freeze = task.map(drop).boxed().shared();
        running.insert(call, freeze.clone());
        freeze
    }
}

struct End {
    freezes: Freezes,
    call: CallId,
}

impl Drop for End {
    fn drop(&mut self) {
        self.freezes.0.lock().remove(&self.call);
    }
}

async fn freeze(app: &App, call: CallId) -> Result<(), Error> {
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        results::freeze(&mut tx, call).await?;
        Ok::<_, Error>(tx.commit().await?)
    })
    .await
}
