//! What members see of sanctions: their own, each on a page that works without logging in, and the appeal.

pub mod appeals;
pub mod own;

use pawdium_shared::moderation::sanctions::{Content, Sanction, SanctionKind};

use crate::state::App;
use crate::views::sanctions::{AppealView, SanctionView};

/// A sanction as pages show it.
#[must_use]
pub fn view(app: &App, sanction: Sanction) -> SanctionView {
    SanctionView {
        id: sanction.id.0,
        member: None,
        sentence: sanction.sentence(),
        kind: sanction.kind.name(),
        done: sanction.kind.done(),
        reason: sanction.reason,
        hides: sanction.content == Content::Hide,
        bars: sanction.kind.bars(),
        silences: sanction.kind == SanctionKind::Silence,
        bans: sanction.kind == SanctionKind::Ban,
        warns: sanction.kind == SanctionKind::Warn,
        imposer: sanction.imposer,
        imposed_at: sanction.imposed_at,
        until: sanction.until,
        lifted_at: sanction.lifted_at,
        lifter: sanction.lifter,
        in_force: sanction.in_force,
        path: app.appeal_links.path(sanction.id),
        appeal: sanction.appeal.zip(sanction.appealed_at).map(|(text, at)| AppealView {
            text,
            at,
            accepted: sanction.accepted,
            answer: sanction.answer,
            judge: sanction.judge,
        }),
    }
}
