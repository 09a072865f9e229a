//! One type for each kind of id, so that a photo's can't be passed where a user's belongs.

pawdium_db::id! {
    /// A user, anonymous or registered: `users.id`.
    UserId
}
pawdium_db::id! {
    /// A photo: `photos.id`.
    PhotoId
}
pawdium_db::id! {
    /// A hub, or a member's profile: `hubs.id`.
    HubId
}
pawdium_db::id! {
    /// A widget on a hub's page: `widgets.id`.
    WidgetId
}
pawdium_db::id! {
    /// A hub's call for talks: `calls.id`.
    CallId
}
pawdium_db::id! {
    /// A talk in a call: `talks.id`.
    TalkId
}
pawdium_db::id! {
    /// A topic: `topics.id`.
    TopicId
}
pawdium_db::id! {
    /// A section of topics: `sections.id`.
    SectionId
}
pawdium_db::id! {
    /// What a moderator did to a topic: `topic_acts.id`.
    TopicActId
}
pawdium_db::id! {
    /// A comment on a photo: `comments.id`.
    CommentId
}
pawdium_db::id! {
    /// A notification: `notifications.id`.
    NotificationId
}
pawdium_db::id! {
    /// What moderators judge about one thing: `cases.id`.
    CaseId
}
pawdium_db::id! {
    /// Somebody's report of a thing: `reports.id`.
    ReportId
}
pawdium_db::id! {
    /// A sanction of a member: `sanctions.id`.
    SanctionId
}
pawdium_db::id! {
    /// What a moderator did to a photo, a comment, a talk or a hub: `acts.id`.
    ActId
}
pawdium_db::id! {
    /// A session: `sessions.id`.
    SessionId
}
pawdium_db::id! {
    /// An API token of a member's: `api_tokens.id`.
    ApiTokenId
}
pawdium_db::id! {
    /// An archive of what a member has on the site: `exports.id`.
    ExportId
}
pawdium_db::id! {
    /// A member's import: `imports.id`.
    ImportId
}
