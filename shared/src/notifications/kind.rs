//! The kinds of notifications.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// What has happened. Members choose which kinds they want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Somebody has commented on a photo of the member's.
    Comment,
    /// Somebody has answered a comment of the member's.
    Reply,
    /// Somebody has published a remix of a photo of the member's.
    Remix,
    /// A photo of the member's has been rated 10, 100, 1,000 times.
    Milestone,
    /// Somebody asks to become a member of a hub that the member owns.
    HubAsked,
    /// A hub has answered the member's request.
    HubAnswered,
    /// Moderators have judged what the member reported.
    ReportJudged,
    /// Something of the member's is hidden until moderators have judged it, or shown again.
    Quarantined,
    /// An archive of what the member has on the site can be downloaded.
    ExportReady,
    /// An import of the member's has ended.
    ImportDone,
}

impl Kind {
    /// The name in the database, in forms and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The names of all kinds.
    #[must_use]
    pub fn names() -> Vec<String> {
        Self::VARIANTS.iter().map(|kind| kind.name().to_owned()).collect()
    }

    /// What it is called where members choose.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Comment => "Comments on your photos",
            Self::Reply => "Replies to your comments",
            Self::Remix => "Remixes of your photos",
            Self::Milestone => "Milestones: 10, 100, 1,000 ratings of a photo",
            Self::HubAsked => "Requests to join your hubs",
            Self::HubAnswered => "Answers to your requests",
            Self::ReportJudged => "What came of your reports",
            Self::Quarantined => "Reports that hide something of yours",
            Self::ExportReady => "Archives of your data that are ready",
            Self::ImportDone => "The end of your imports",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_they_are_stored() {
        for kind in Kind::VARIANTS {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert_eq!(Kind::HubAsked.name(), "hub_asked");
        assert!("kind_of_a_later_version".parse::<Kind>().is_err());
    }
}
