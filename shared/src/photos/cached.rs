//! Cached data of photos.

use super::queries;
use super::types::{Photo, PhotoState};
use crate::cache::{Around, Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::PhotoId;
use crate::live::Topic;

/// What depends on ranks, or on the names of topics: one rating can change the scores and ranks of thousands of photos,
/// and one moderator the tags of as many.
pub(crate) const RANKS: Around = Around {
    name: "ranks",
    is_stale_after: |event| matches!(event, Event::RanksMoved { .. } | Event::TopicsChanged { .. }),
};

/// One photo in any state except deleted. Only live ones are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CachedPhoto(pub PhotoId);

impl CachedPhoto {
    fn is_stale_after(self, event: &Event) -> bool {
        match event {
            // State, reason and files; what its owner says; the tags.
            Event::PhotoTagged { photo, .. }
            | Event::PhotoProgressed { photo } | Event::PhotoPublished { photo, .. }
            | Event::PhotoChanged { photo, .. } | Event::PhotoRemoved { photo, .. }
            // The histogram.
            | Event::PhotoRated { photo } => *photo == self.0,
            // Virality, views and shares; the owner's name; the histogram when a rater left or was merged.
            Event::ViralityMoved { photos } | Event::MemberChanged { photos, .. }
            // Score and rank of those whose pages are open. For the others, see `AROUND`.
            | Event::RanksMoved { photos, .. } => photos.contains(&self.0),
            // The names of tags: see `AROUND`.
            Event::TopicsChanged { .. }
            | Event::TopicsRelated
            | Event::TopicsCounted
            | Event::ScoresMoved { .. }
            // A photo's page reads its hubs from the database.
            | Event::PhotoPosted { .. }
            | Event::HubChanged { .. }
            | Event::HubRolesChanged { .. }
            | Event::HubRequestsChanged { .. }
            | Event::HubListed { .. }
            | Event::CallChanged { .. }
            | Event::TalkChanged { .. }
            | Event::TalkVoted { .. }
            | Event::CommentsChanged { .. }
            | Event::NotificationsChanged { .. }
            | Event::SessionsEnded { .. }
            | Event::ImportChanged { .. }
            | Event::LayoutChanged { .. }
            | Event::WidgetConfigured { .. } => false,
        }
    }
}

impl Cached for CachedPhoto {
    const KIND: &'static str = "photo";

    const AROUND: Option<Around> = Some(RANKS);

    type Part = Whole;
    type Data = Photo;

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        let candidates = event.photos().iter().copied().map(Self);
        Ok(candidates.filter(|photo| photo.is_stale_after(event)).collect())
    }

    fn topic(&self, event: &Event) -> Option<Topic> {
        (!matches!(event, Event::MemberChanged { .. })).then_some(Topic::Photo(self.0))
    }

    fn is_kept(photo: &Photo) -> bool {
        photo.state == PhotoState::Live
    }

    async fn load(these: &[Self], _: Whole, db: &Db) -> sqlx::Result<Vec<(Self, Photo)>> {
        let ids: Vec<_> = these.iter().map(|photo| photo.0).collect();
        let found = queries::find_each(&mut *db.acquire().await?, &ids).await?;
        Ok(found.into_iter().map(|(id, photo)| (Self(id), photo)).collect())
    }
}

/// The number of live photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PhotoCount;

impl Cached for PhotoCount {
    const KIND: &'static str = "totals";
    type Part = Whole;
    type Data = i64;

    fn name(&self) -> String {
        String::new()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        let changes = matches!(event, Event::PhotoPublished { .. } | Event::PhotoRemoved { .. });
        Ok(changes.then_some(Self).into_iter().collect())
    }

    async fn load(_: &[Self], _: Whole, db: &Db) -> sqlx::Result<Vec<(Self, i64)>> {
        Ok(vec![(Self, queries::count_live(&mut *db.acquire().await?).await?)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TopicId;
    use crate::photos::Species;

    const PHOTO: PhotoId = PhotoId(7);

    #[test]
    fn a_photo_is_stale_only_after_its_own_events() {
        let about_it = [
            Event::PhotoProgressed { photo: PHOTO },
            Event::PhotoPublished { photo: PHOTO, species: Species::Cat },
            Event::changed(PHOTO, Species::Cat, Species::Dog),
            Event::PhotoRemoved { photo: PHOTO, species: Species::Cat },
            Event::PhotoRated { photo: PHOTO },
            Event::PhotoTagged { photo: PHOTO, topics: vec![TopicId(3)] },
            Event::ViralityMoved { photos: vec![PhotoId(6), PHOTO] },
            Event::MemberChanged { photos: vec![PHOTO], hubs: Vec::new() },
            Event::RanksMoved { species: vec![Species::Cat], photos: vec![PHOTO] },
        ];
        for event in about_it {
            assert!(CachedPhoto(PHOTO).is_stale_after(&event), "{event:?}");
            assert!(!CachedPhoto(PhotoId(8)).is_stale_after(&event), "{event:?}");
            assert!(event.photos().contains(&PHOTO), "{event:?}");
        }
    }

    #[test]
    fn changed_ranks_make_all_photos_stale_at_once() {
        let moved = Event::RanksMoved { species: vec![Species::Dog], photos: Vec::new() };
        assert!(CachedPhoto::AROUND.is_some_and(|around| (around.is_stale_after)(&moved)));
        let rated = Event::PhotoRated { photo: PHOTO };
        assert!(!CachedPhoto::AROUND.is_some_and(|around| (around.is_stale_after)(&rated)));
    }
}
