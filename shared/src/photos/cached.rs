//! Cached data of photos.

use sqlx::PgConnection;

use super::queries;
use super::types::{Photo, PhotoState};
use crate::cache::{Around, Cached, Whole};
use crate::events::Event;
use crate::ids::PhotoId;
use crate::live::Topic;

/// One photo in any state except deleted. Only live ones are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CachedPhoto(pub PhotoId);

impl Cached for CachedPhoto {
    const KIND: &'static str = "photo";

    /// One rating can change the scores and ranks of thousands of photos.
    const AROUND: Option<Around> =
        Some(Around { name: "ranks", is_stale_after: |event| matches!(event, Event::RanksMoved { .. }) });

    type Part = Whole;
    type Data = Photo;

    fn name(&self) -> String {
        self.0.to_string()
    }

    fn candidates(event: &Event) -> Vec<Self> {
        event.photos().iter().copied().map(Self).collect()
    }

    fn is_stale_after(&self, event: &Event) -> bool {
        match event {
            // State, reason and files.
            Event::PhotoProgressed { photo } | Event::PhotoPublished { photo, .. }
            | Event::PhotoRemoved { photo, .. }
            // The histogram.
            | Event::PhotoRated { photo } => *photo == self.0,
            // Virality, views and shares; the owner's name; the histogram when a rater left or was merged.
            Event::ViralityMoved { photos } | Event::MemberChanged { photos } => photos.contains(&self.0),
            // Score and rank: see `AROUND`.
            Event::RanksMoved { .. }
            // A photo's page reads its hubs from the database.
            | Event::PhotoPosted { .. }
            | Event::HubChanged { .. }
            | Event::HubRolesChanged { .. }
            | Event::HubRequestsChanged { .. }
            | Event::LayoutChanged { .. } => false,
        }
    }

    fn topic(&self, event: &Event) -> Option<Topic> {
        (!matches!(event, Event::MemberChanged { .. })).then(|| Topic::Photo(self.0))
    }

    fn is_kept(photo: &Photo) -> bool {
        photo.state == PhotoState::Live
    }

    async fn load(these: &[Self], _: Whole, db: &mut PgConnection) -> sqlx::Result<Vec<(Self, Photo)>> {
        let ids: Vec<_> = these.iter().map(|photo| photo.0).collect();
        let found = queries::find_each(db, &ids).await?;
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

    fn candidates(_: &Event) -> Vec<Self> {
        vec![Self]
    }

    fn is_stale_after(&self, event: &Event) -> bool {
        matches!(event, Event::PhotoPublished { .. } | Event::PhotoRemoved { .. })
    }

    async fn load(_: &[Self], _: Whole, db: &mut PgConnection) -> sqlx::Result<Vec<(Self, i64)>> {
        Ok(vec![(Self, queries::count_live(db).await?)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photos::Species;

    const PHOTO: PhotoId = PhotoId(7);

    #[test]
    fn a_photo_is_stale_only_after_its_own_events() {
        let about_it = [
            Event::PhotoProgressed { photo: PHOTO },
            Event::PhotoPublished { photo: PHOTO, species: Species::Cat },
            Event::PhotoRemoved { photo: PHOTO, species: Species::Cat },
            Event::PhotoRated { photo: PHOTO },
            Event::ViralityMoved { photos: vec![PhotoId(6), PHOTO] },
            Event::MemberChanged { photos: vec![PHOTO] },
        ];
        for event in about_it {
            assert!(CachedPhoto(PHOTO).is_stale_after(&event), "{event:?}");
            assert!(!CachedPhoto(PhotoId(8)).is_stale_after(&event), "{event:?}");
            assert!(CachedPhoto::candidates(&event).contains(&CachedPhoto(PHOTO)), "{event:?}");
        }
    }

    #[test]
    fn changed_ranks_make_all_photos_stale_at_once() {
        let moved = Event::RanksMoved { species: vec![Species::Dog] };
        assert!(CachedPhoto::AROUND.is_some_and(|around| (around.is_stale_after)(&moved)));
        let rated = Event::PhotoRated { photo: PHOTO };
        assert!(!CachedPhoto::AROUND.is_some_and(|around| (around.is_stale_after)(&rated)));
    }
}
