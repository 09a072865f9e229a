//! The types of ids.

pawdium_db::id! {
    /// A job, live or ended: `jobs.id`, which `job_history.id` keeps.
    JobId
}
pawdium_db::id! {
    /// A group of jobs with a last step: `job_groups.id`.
    GroupId
}
pawdium_db::id! {
    /// A process that runs jobs: `job_workers.id`.
    WorkerId
}
