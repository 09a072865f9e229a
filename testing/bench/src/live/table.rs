//! Formats the figures.

use std::fmt::{self, Write as _};

use crate::herd::Herd;
use crate::idle::Idle;
use crate::pages::{HubPages, Paced};
use crate::peer::Peer;
use crate::rebuilds::Rebuilds;
use crate::reconnect::Reconnect;
use crate::triage::Triage;
use crate::update::Update;

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) update: Option<Update>,
    pub(crate) idle: Option<Idle>,
    pub(crate) reconnect: Option<Reconnect>,
    pub(crate) herd: Option<Herd>,
    pub(crate) rebuilds: Option<Rebuilds>,
    pub(crate) pages: Option<HubPages>,
    pub(crate) triage: Option<Triage>,
    pub(crate) peers: Vec<(Peer, PeerFigures)>,
}

/// What was measured of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PeerFigures {
    pub(crate) update: Option<Update>,
    pub(crate) idle: Option<Idle>,
}

/// A line: what, the figure, and its target with whether it is met.
type Line = (String, String, Option<(String, bool)>);

fn line(what: impl Into<String>, figure: String) -> Line {
    (what.into(), figure, None)
}

fn below(what: impl Into<String>, figure: f64, digits: usize, unit: &str, most: f64) -> Line {
    let target = (format!("≤ {most}{unit}"), figure <= most);
    (what.into(), format!("{figure:.digits$}{unit}"), Some(target))
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn count(number: impl TryInto<u64>) -> f64 {
    number.try_into().unwrap_or(u64::MAX) as f64
}

impl Table {
    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(update) = &self.update {
            lines.extend(of_update("rating", "their hub's", update));
        }
        if let Some(idle) = &self.idle {
            lines.extend(of_idle(idle));
        }
        if let Some(reconnect) = &self.reconnect {
            let what = format!("{} clients cut off for 5 s at 200 changes/s", reconnect.clients);
            lines.push(line(
                format!("{what}: all connected again after"),
                format!("{:.2} s", reconnect.reopened),
            ));
            lines.push(below("clients with an old version afterwards", count(reconnect.stale), 0, "", 0.0));
            lines.push(line("clients told to look at everything", reconnect.resets.to_string()));
            lines.push(below("Redis commands for all of that", count(reconnect.commands), 0, "", 10.0));
        }
        if let Some(herd) = &self.herd {
            let what =
                format!("one rating, {} viewers: all have loaded all {} parts", herd.viewers, herd.parts);
            lines.push(below(what, herd.all, 2, " s", 2.5));
            lines.push(below(
                "reads of a widget by the web process that had to load it",
                count(herd.loads.pages),
                0,
                "",
                1.0,
            ));
            lines.push(below("rebuilds of a widget by the worker", count(herd.loads.reloads), 0, "", 1.0));
        }
        if let Some(rebuilds) = &self.rebuilds {
            let what = format!("{:.0} ratings/s in a hub for 10 s: rebuilds of a widget", rebuilds.rate);
            lines.push(below(what, count(rebuilds.most), 0, "", 41.0));
            lines.push(below("rebuilds of other widgets", count(rebuilds.others), 0, "", 0.0));
        }
        if let Some(pages) = &self.pages {
            lines.extend(of_pages(pages));
        }
        if let Some(triage) = &self.triage {
            let what = format!("triage of an event with {} widgets, mean", triage.widgets);
            lines.push(below(what, triage.mean, 2, " ms", 5.0));
            lines.push(line("the same, 99th percentile", format!("{:.1} ms", triage.p99)));
        }
        lines
    }

    /// Ours over the peer's.
    fn ratios(&self) -> String {
        let mut text = String::new();
        for (peer, theirs) in &self.peers {
            if let (Some(ours), Some(theirs)) = (&self.update, &theirs.update) {
                let _ = writeln!(
                    text,
                    "ratio {} update p50 {:.2} p99 {:.2}",
                    peer.name(),
                    ours.p50 / theirs.p50,
                    ours.p99 / theirs.p99,
                );
            }
            if let (Some(ours), Some(theirs)) = (&self.idle, &theirs.idle) {
                let _ = writeln!(
                    text,
                    "ratio {} processor {:.2} memory {:.2}",
                    peer.name(),
                    ours.cores / theirs.cores,
                    ours.bytes / theirs.bytes,
                );
            }
        }
        text
    }
}

fn of_update(change: &str, whose: &str, update: &Update) -> Vec<Line> {
    let what = format!("{change} sent → {whose} page shows it, {} viewers, p50", update.viewers);
    vec![
        below(what, update.p50, 0, " ms", 150.0),
        below("the same, p99", update.p99, 0, " ms", 1000.0),
        line(
            format!("all have loaded all parts ({:.1} for each viewer), median", update.parts),
            format!("{:.0} ms", update.all),
        ),
    ]
}

fn of_idle(idle: &Idle) -> Vec<Line> {
    let what =
        format!("{} streams on 1,000 hubs, {:.0} changes/s on ten: the server", idle.streams, idle.rate);
    vec![
        below(what, idle.cores, 2, " of a core", 0.3),
        line("frames", format!("{:.0}/s", idle.frames)),
        below("streams that missed a change", count(idle.stale), 0, "", 0.0),
        below("memory of a stream", idle.bytes / 1024.0, 1, " KiB", 10.0),
    ]
}

fn of_pages(pages: &HubPages) -> Vec<Line> {
    let paced = |paced: &Paced| format!("{:.1} ms (at {:.0}/s)", paced.p50, paced.rate);
    vec![
        line("a hub's page with 12 cached widgets at 200 requests/s, p50", paced(&pages.cached)),
        below("the same, p99", pages.cached.p99, 1, " ms", 15.0),
        line("the same, all widgets dropped before each request, p50", paced(&pages.cold)),
        line("the same, p99", format!("{:.1} ms", pages.cold.p99)),
        line("pages as fast as they are answered, cached", format!("{:.0}/s", pages.most)),
        line("the same, all widgets dropped before each request", format!("{:.0}/s", pages.most_cold)),
    ]
}

/// Two Markdown tables, then `ratio <peer> …` lines.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | measured | target | |\n|---|---:|---:|---|")?;
        for (what, figure, target) in self.lines() {
            let (target, verdict) = target.map_or_else(Default::default, |(target, is_met)| {
                (target, if is_met { "met" } else { "missed" })
            });
            writeln!(f, "| {what} | {figure} | {target} | {verdict} |")?;
        }
        if self.peers.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n| | update p50, ms | p99, ms | all, ms | core | frames/s | streams that missed a change | KiB a stream |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|"
        )?;
        let ours = PeerFigures { update: self.update, idle: self.idle };
        let peers = self.peers.iter().map(|(peer, figures)| (peer.name(), figures));
        for (name, figures) in std::iter::once(("ours", &ours)).chain(peers) {
            let update = figures.update.map_or_else(
                || "– | – | –".to_owned(),
                |update| format!("{:.0} | {:.0} | {:.0}", update.p50, update.p99, update.all),
            );
            let idle = figures.idle.map_or_else(
                || "– | – | – | –".to_owned(),
                |idle| {
                    let kib = idle.bytes / 1024.0;
                    format!("{:.2} | {:.0} | {} | {kib:.1}", idle.cores, idle.frames, idle.stale)
                },
            );
            writeln!(f, "| {name} | {update} | {idle} |")?;
        }
        write!(f, "\n{}", self.ratios())
    }
}
