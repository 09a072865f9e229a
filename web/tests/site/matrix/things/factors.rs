//! Second factors.

use super::Named;
use crate::harness::{App, PASSWORD};
use crate::matrix::scene::Scene;

pub(super) const NAMES: &[Named] = &[
    ("app-code", "a code of the app that the viewer is about to set up"),
    ("login-code", "a code of that member's app, whose password was sent from the viewer's browser"),
];

pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    match name {
        "app-code" if !scene.role.is_registered() => "000000".to_owned(),
        "app-code" => {
            let viewer = scene.viewer().await;
            viewer.pages.post("/settings/security/app", &[]).await.location();
            App::scan(&viewer.pages.get("/settings/security").await).code(0)
        }
        _ => {
            let target = scene.other("target").await;
            let app = target.set_up_app().await;
            scene.site.forget_used_codes().await;
            let (viewer, email) = (scene.keep_browser().await, target.email());
            let form = [("email", email.as_str()), ("password", PASSWORD)];
            let second = viewer.pages.post("/login", &form).await;
            assert!(second.location().starts_with("/login/second-factor"), "{}", second.text());
            app.code(0)
        }
    }
}
