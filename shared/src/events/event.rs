//! The events.

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, IntoStaticStr, VariantArray};

use crate::hubs::HubRole;
use crate::ids::{CallId, HubId, ImportId, PhotoId, TalkId, TopicId, UserId, WidgetId};
use crate::live::Topic;
use crate::photos::Species;

/// A fact about a change.
#[derive(Clone, Debug, PartialEq, Eq, EnumDiscriminants, Serialize, Deserialize)]
#[strum_discriminants(
    name(EventKind),
    derive(Hash, IntoStaticStr, VariantArray),
    doc = "The kinds of events."
)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A photo's processing completed a step, or failed.
    PhotoProgressed {
        /// The photo.
        photo: PhotoId,
    },
    /// A photo went live.
    PhotoPublished {
        /// The photo.
        photo: PhotoId,
        /// Its species, because lists can be limited to one.
        species: Species,
    },
    /// The owner of a live photo changed it, or its new picture is shown.
    PhotoChanged {
        /// The photo.
        photo: PhotoId,
        /// The species that it was, and the one that it is if that is another.
        species: Vec<Species>,
    },
    /// A photo was deleted or hidden.
    PhotoRemoved {
        /// The photo.
        photo: PhotoId,
        /// Its species, because lists can be limited to one.
        species: Species,
    },
    /// A photo's rating was added or replaced, or its histogram was corrected.
    PhotoRated {
        /// The photo.
        photo: PhotoId,
    },
    /// The owner of a photo changed its tags, or the photo is gone with the account and others of these topics.
    PhotoTagged {
        /// The photo.
        photo: PhotoId,
        /// The topics that it had or has now.
        topics: Vec<TopicId>,
    },
    /// Moderators renamed, merged or banned topics, or grouped them in sections.
    TopicsChanged {
        /// The topics; none if only the sections changed.
        topics: Vec<TopicId>,
        /// Hubs whose widgets name topics.
        hubs: Vec<HubId>,
    },
    /// It was computed anew which topics belong together.
    TopicsRelated,
    /// Counts of topics were added up, so they may be in another order.
    TopicsCounted,
    /// Ranks or scores changed.
    RanksMoved {
        /// The species of the photos whose ranks or scores changed.
        species: Vec<Species>,
        /// Those of the photos whose pages are open. One rating can change the rank of every photo.
        #[serde(default)]
        photos: Vec<PhotoId>,
    },
    /// Views, shares or virality of photos changed.
    ViralityMoved {
        /// The photos.
        photos: Vec<PhotoId>,
    },
    /// A member's public name changed, or a member deleted the account or merged an anonymous user into it.
    MemberChanged {
        /// Photos that show the name or whose ratings changed.
        photos: Vec<PhotoId>,
        /// Hubs that show the name, or have shown photos of an account that is gone.
        #[serde(default)]
        hubs: Vec<HubId>,
    },
    /// The scores of photos changed.
    ScoresMoved {
        /// The photos.
        photos: Vec<PhotoId>,
    },
    /// A photo was posted to a hub, or removed from it.
    PhotoPosted {
        /// The hub.
        hub: HubId,
        /// The photo.
        photo: PhotoId,
    },
    /// A hub was created or archived, or its name, summary or settings changed.
    HubChanged {
        /// The hub.
        hub: HubId,
    },
    /// A user gained or lost a role in a hub.
    HubRolesChanged {
        /// The hub.
        hub: HubId,
        /// The user.
        user: UserId,
        /// The role. Member and owner each stand for both. `None` if it may be any.
        #[serde(default)]
        role: Option<HubRole>,
    },
    /// Somebody asked to become a member of a hub, or was answered.
    HubRequestsChanged {
        /// The hub.
        hub: HubId,
    },
    /// The profiles of its people say something else of a hub: its name, address or visibility changed, it was archived
    /// or opened again, or it is gone. The hub itself has [`HubChanged`](Self::HubChanged).
    HubListed {
        /// The hub.
        hub: HubId,
        /// Users who have a role in it, or did something there that feeds show.
        users: Vec<UserId>,
    },
    /// A call was opened or changed, entered another phase, or its result was frozen.
    CallChanged {
        /// The call.
        call: CallId,
        /// Its hub.
        hub: HubId,
    },
    /// A talk was pitched, edited, withdrawn, shown or hidden, or its author's account is gone.
    TalkChanged {
        /// The talk.
        talk: TalkId,
        /// Its call.
        call: CallId,
        /// The call's hub.
        hub: HubId,
    },
    /// A talk's votes changed, or their count was corrected.
    TalkVoted {
        /// The talk.
        talk: TalkId,
        /// Its call.
        call: CallId,
        /// The call's hub.
        hub: HubId,
    },
    /// Comments on photos came, changed or went.
    CommentsChanged {
        /// The photos.
        photos: Vec<PhotoId>,
    },
    /// What members are notified of has changed, or they have read it.
    NotificationsChanged {
        /// The members.
        users: Vec<UserId>,
    },
    /// Sessions of a user were ended, so the streams of their pages end.
    SessionsEnded {
        /// The user.
        user: UserId,
    },
    /// A file of an import got an outcome, or the import another state.
    ImportChanged {
        /// The import.
        import: ImportId,
    },
    /// Widgets of a hub were added, moved, configured or removed.
    LayoutChanged {
        /// The hub.
        hub: HubId,
    },
    /// A widget was configured, so it shows something else. Kinds needn't listen to it: it is always stale then.
    WidgetConfigured {
        /// The hub.
        hub: HubId,
        /// The widget.
        widget: WidgetId,
    },
}

impl Event {
    /// The change of a live photo of this species, which is now of that.
    #[must_use]
    pub fn changed(photo: PhotoId, was: Species, is: Species) -> Self {
        let species = if was == is { vec![was] } else { vec![was, is] };
        Self::PhotoChanged { photo, species }
    }

    /// The photos that the event is about; `None` if it may be about any.
    #[must_use]
    pub fn photos(&self) -> &[PhotoId] {
        match self {
            Self::PhotoProgressed { photo }
            | Self::PhotoPublished { photo, .. }
            | Self::PhotoChanged { photo, .. }
            | Self::PhotoRemoved { photo, .. }
            | Self::PhotoPosted { photo, .. }
            | Self::PhotoTagged { photo, .. }
            | Self::PhotoRated { photo } => std::slice::from_ref(photo),
            Self::RanksMoved { photos, .. }
            | Self::ViralityMoved { photos }
            | Self::ScoresMoved { photos }
            | Self::CommentsChanged { photos }
            | Self::MemberChanged { photos, .. } => photos,
            Self::TopicsChanged { .. }
            | Self::TopicsRelated
            | Self::TopicsCounted
            | Self::HubChanged { .. }
            | Self::HubRolesChanged { .. }
            | Self::HubRequestsChanged { .. }
            | Self::HubListed { .. }
            | Self::CallChanged { .. }
            | Self::TalkChanged { .. }
            | Self::TalkVoted { .. }
            | Self::NotificationsChanged { .. }
            | Self::SessionsEnded { .. }
            | Self::ImportChanged { .. }
            | Self::LayoutChanged { .. }
            | Self::WidgetConfigured { .. } => &[],
        }
    }

    /// The hubs that the event names. Others may be concerned because they show its photos.
    #[must_use]
    pub fn hubs(&self) -> &[HubId] {
        match self {
            Self::PhotoPosted { hub, .. }
            | Self::HubChanged { hub }
            | Self::HubRolesChanged { hub, .. }
            | Self::HubRequestsChanged { hub }
            | Self::CallChanged { hub, .. }
            | Self::TalkChanged { hub, .. }
            | Self::TalkVoted { hub, .. }
            | Self::LayoutChanged { hub }
            | Self::WidgetConfigured { hub, .. } => std::slice::from_ref(hub),
            Self::MemberChanged { hubs, .. } | Self::TopicsChanged { hubs, .. } => hubs,
            _ => &[],
        }
    }

    /// Whether who belongs to this hub, or owns it, may have changed.
    #[must_use]
    pub fn changes_members_of(&self, hub: HubId) -> bool {
        match self {
            Self::HubRolesChanged { hub: changed, role, .. } => {
                *changed == hub && role.is_none_or(HubRole::is_membership)
            }
            _ => false,
        }
    }

    /// Whether something that everybody could see may be gone from their sight, or bear another name.
    #[must_use]
    pub const fn withdraws(&self) -> bool {
        matches!(
            self,
            Self::PhotoRemoved { .. }
                | Self::PhotoChanged { .. }
                | Self::TopicsChanged { .. }
                | Self::HubChanged { .. }
                | Self::HubListed { .. }
                | Self::TalkChanged { .. }
                | Self::MemberChanged { .. }
        )
    }

    /// The users whose profiles the event may change, because they say to which hubs they belong.
    #[must_use]
    pub const fn users(&self) -> &[UserId] {
        match self {
            Self::HubRolesChanged { user, .. } => std::slice::from_ref(user),
            Self::HubListed { users, .. } => users.as_slice(),
            _ => &[],
        }
    }

    /// The topics of what is not cached: open pages read it from the database when they are told that it has changed.
    #[must_use]
    pub fn announces(&self) -> Vec<Topic> {
        match self {
            Self::NotificationsChanged { users } => users.iter().copied().map(Topic::Notifications).collect(),
            Self::SessionsEnded { user } => vec![Topic::Sessions(*user)],
            Self::ImportChanged { import } => vec![Topic::Import(*import)],
            _ => Vec::new(),
        }
    }

    /// The species whose lists the event can change.
    #[must_use]
    pub fn species(&self) -> &[Species] {
        match self {
            Self::PhotoPublished { species, .. } | Self::PhotoRemoved { species, .. } => {
                std::slice::from_ref(species)
            }
            Self::PhotoChanged { species, .. } | Self::RanksMoved { species, .. } => species,
            _ => &[],
        }
    }

    /// Equal events have equal keys. While one waits, another is not needed.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::PhotoProgressed { photo } => format!("progressed:{photo}"),
            Self::PhotoPublished { photo, .. } => format!("published:{photo}"),
            Self::PhotoChanged { photo, species } => {
                let species: Vec<_> = species.iter().map(|species| species.name()).collect();
                format!("changed:{photo}:{}", species.join(","))
            }
            Self::PhotoRemoved { photo, .. } => format!("removed:{photo}"),
            Self::PhotoRated { photo } => format!("rated:{photo}"),
            Self::PhotoTagged { photo, topics } => {
                format!("tagged:{photo}:{}", digest(topics.iter().map(|topic| topic.0)))
            }
            Self::TopicsChanged { topics, hubs } => {
                let hubs = hubs.iter().map(|hub| hub.0);
                format!("topics:{}:{}", digest(topics.iter().map(|topic| topic.0)), digest(hubs))
            }
            Self::TopicsRelated => "topics-related".to_owned(),
            Self::TopicsCounted => "topics-counted".to_owned(),
            Self::RanksMoved { species, photos } => {
                let species: Vec<_> = species.iter().map(|species| species.name()).collect();
                let photos = if photos.is_empty() { String::new() } else { format!(":{}", ids(photos)) };
                format!("ranks:{}{photos}", species.join(","))
            }
            Self::ViralityMoved { photos } => format!("virality:{}", ids(photos)),
            Self::ScoresMoved { photos } => format!("scores:{}", ids(photos)),
            Self::MemberChanged { photos, hubs } => {
                format!("member:{}:{}", ids(photos), digest(hubs.iter().map(|hub| hub.0)))
            }
            Self::PhotoPosted { hub, photo } => format!("posted:{hub}:{photo}"),
            Self::HubChanged { hub } => format!("hub:{hub}"),
            Self::HubRolesChanged { hub, user, role } => {
                format!("hub-roles:{hub}:{user}:{}", role.map_or("any", HubRole::name))
            }
            Self::HubRequestsChanged { hub } => format!("hub-requests:{hub}"),
            Self::HubListed { hub, users } => {
                format!("hub-listed:{hub}:{}", digest(users.iter().map(|user| user.0)))
            }
            Self::CallChanged { call, .. } => format!("call:{call}"),
            Self::TalkChanged { talk, .. } => format!("talk:{talk}"),
            Self::TalkVoted { talk, .. } => format!("talk-voted:{talk}"),
            Self::CommentsChanged { photos } => format!("comments:{}", ids(photos)),
            Self::NotificationsChanged { users } => {
                format!("notified:{}", digest(users.iter().map(|user| user.0)))
            }
            Self::SessionsEnded { user } => format!("sessions-ended:{user}"),
            Self::ImportChanged { import } => format!("import:{import}"),
            Self::LayoutChanged { hub } => format!("layout:{hub}"),
            Self::WidgetConfigured { hub, widget } => format!("configured:{hub}:{widget}"),
        }
    }
}

fn ids(photos: &[PhotoId]) -> String {
    digest(photos.iter().map(|photo| photo.0))
}

/// A short key for many ids. Equal lists have equal keys.
fn digest(ids: impl Iterator<Item = i64>) -> String {
    let mut hash = blake3::Hasher::new();
    for id in ids {
        hash.update(&id.to_be_bytes());
    }
    hash.finalize().to_hex()[..32].to_owned()
}
