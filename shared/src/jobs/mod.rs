//! The payloads of all job kinds. Their handlers are in the worker.

pub mod cache;
pub mod exports;
pub mod imports;
pub mod mail;
pub mod media;
pub mod metrics;
pub mod moderation;
pub mod notifications;
pub mod ranking;
pub mod sanctions;
pub mod talks;
pub mod topics;
pub mod upkeep;

use pawdium_queue::{Job, Queue};

/// Passes every job kind and the name of its handler in the worker to the macro `$to`. This is the only list of job
/// kinds; everything else is generated from it.
#[macro_export]
macro_rules! job_kinds {
    ($to:ident) => {
        $to! {
            cache::InvalidateCache => invalidate_cache,
            cache::ReloadCached => reload_cached,
            exports::RemoveExports => remove_exports,
            exports::WriteExport => write_export,
            imports::ImportFile => import_file,
            imports::SettleImport => settle_import,
            imports::UndoImport => undo_import,
            imports::UnpackImport => unpack_import,
            mail::SendMail => send_mail,
            media::AbandonPhoto => abandon_photo,
            media::DiscardFiles => discard_files,
            media::MakeAvatar => make_avatar,
            media::ProcessPhoto => process_photo,
            media::RemoveFiles => remove_files,
            metrics::ReportMetrics => report_metrics,
            moderation::ReviewRemixes => review_remixes,
            moderation::SendCaseDigests => send_case_digests,
            moderation::TellReporters => tell_reporters,
            notifications::SendDigests => send_digests,
            notifications::TellOfRemix => tell_of_remix,
            ranking::RecountPart => recount_part,
            ranking::RecountRatings => recount_ratings,
            ranking::RefreshRanks => refresh_ranks,
            ranking::RefreshVirality => refresh_virality,
            ranking::StartEpoch => start_epoch,
            sanctions::SettleSanctions => settle_sanctions,
            talks::TallyTalks => tally_talks,
            topics::CountTopics => count_topics,
            topics::RelateTopics => relate_topics,
            topics::RewriteTags => rewrite_tags,
            upkeep::BalanceJobs => balance_jobs,
            upkeep::ExpireDrafts => expire_drafts,
            upkeep::Purge => purge,
        }
    };
}

macro_rules! name {
    ($($kind:path => $handler:ident,)*) => {
        /// Every job kind with its queue, including kinds without jobs.
        pub const KINDS: &[(Queue, &str)] = &[$((<$kind as Job>::QUEUE, <$kind as Job>::KIND)),*];
    };
}

job_kinds!(name);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_kind_is_in_the_list_once() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/jobs");
        let files = fs::read_dir(folder).expect("the sources are there").flatten();
        let texts = files.map(|file| fs::read_to_string(file.path()).expect("sources are text"));
        let kinds: usize = texts.map(|text| text.matches("\nimpl Job for ").count()).sum();
        let named: BTreeSet<_> = KINDS.iter().map(|(_, kind)| kind).collect();
        assert_eq!((named.len(), KINDS.len()), (kinds, kinds), "is one missing in `job_kinds`?");
    }
}
