//! Routes that know their paths, which axum's router doesn't tell.

use axum::Router;
use axum::routing::MethodRouter;

use crate::state::App;

/// A part of the table: a router with the paths of its routes.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) router: Router<App>,
    pub(super) paths: Vec<String>,
}

impl Routes {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a route, as `Router::route`.
    pub(super) fn route(mut self, path: &str, methods: MethodRouter<App>) -> Self {
        self.paths.push(path.to_owned());
        Self { router: self.router.route(path, methods), ..self }
    }

    /// Adds all routes of another part.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        Self { router: self.router.merge(other.router), ..self }
    }
}

/// The paths of the whole table.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// Pages, whose forms are taken from this site alone.
    pub pages: Vec<String>,
    /// Calls of the API, which reads no cookies.
    pub calls: Vec<String>,
    /// What other sites and machines ask for: frames, files, links in mails, probes.
    pub open: Vec<String>,
}

impl Paths {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        [&self.pages, &self.calls, &self.open].into_iter().flatten().map(String::as_str)
    }
}
