//! `pawdium-web`: serves the site.

use pawdium_shared::config::Config;
use pawdium_shared::shutdown::{self, Notifier};
use pawdium_shared::telemetry;
use pawdium_web::serve::{inherited, serve};
use pawdium_web::state::App;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Must come first, because it changes the environment.
    let socket = inherited()?;
    let config = Config::load()?;
    telemetry::init(&config.log)?;
    let app = App::new(config, shutdown::on_signal()?)?;
    let (notifier, ended) = (Notifier::new(), CancellationToken::new());
    let watchdog = notifier.feed_watchdog(ended.clone(), async || true);
    let serving = async {
        let result = serve(app, socket, &notifier).await;
        ended.cancel();
        result
    };
    tokio::join!(serving, watchdog).0
}
