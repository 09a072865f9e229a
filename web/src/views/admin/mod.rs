//! Operations, which moderators and admins see, and the forms that admins use.

mod audit;
mod bulk;
mod cache;
mod chart;
mod job;
mod jobs;
mod overview;
mod queues;
mod schedules;

pub use audit::{AuditLine, AuditPage, AuditSearch};
pub use bulk::{BulkPage, BulkState};
pub use cache::{
    CacheBoard, CacheKind, CachePage, CachedWidgetPage, HubWidget, Reload, ReloadList, WidgetState,
};
pub use chart::{Chart, Stretch};
pub use job::{JobFacts, JobGonePage, JobPage, JobStatus, Point, PointKind};
pub use jobs::{ErrorLine, JobLine, JobsPage, SearchFields};
pub use overview::{AdminPage, JobFailure, JobKind, WaitingMail, WorkerProcess};
pub use queues::{
    KindLine, LimitFields, MissingJobs, QueueBoard, QueueCard, QueueFigures, QueuesPage, Window,
};
pub use schedules::{ScheduleLine, SchedulesPage};
