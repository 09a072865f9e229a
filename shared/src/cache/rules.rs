//! Which fragments and open pages an event concerns: exactly those whose data it changed.
//!
//! What is cached, the facts it shows, and what drops it when one of them changes:
//!
//! | fragment | fact | event |
//! |---|---|---|
//! | `photo:N`, of a live photo | state, files | `PhotoPublished`, `PhotoRemoved` |
//! | | histogram: mean, number of ratings | `PhotoRated`, also from the recount; `MemberChanged` when a rater left or was merged |
//! | | owner and the owner's name | `MemberChanged` |
//! | | score, rank | `RanksMoved`, which drops `ranks`, the group around all photos |
//! | | virality, views, shares | `ViralityMoved` |
//! | | title, alt, species, tags | none: they don't change |
//! | `top:…`: the ids on a page, in order, and the number of pages | ranks | `RanksMoved`; a new photo enters with its first rank |
//! | | which photos are live | `PhotoRemoved` |
//! | | which photos are young enough | the clock: up to five minutes late, when the fragment ends |
//! | `trending`: the same | virality | `ViralityMoved`; a new photo enters with its first moment |
//! | | which photos are live | `PhotoRemoved` |
//! | `totals` | how many photos are live | `PhotoPublished`, `PhotoRemoved` |
//!
//! Lists hold ids, and whatever they show of a photo comes from its own fragment: a fact is cached in one place. Photos that
//! are not live are not cached. Roles, sessions, a member's figures, timelines and reasons come from the database.

use super::events::Event;
use crate::ids::PhotoId;
use crate::live::Topic;
use crate::photos::Species;
use crate::ranking::lists::Period;

/// Fragments that go stale together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(String);

impl Group {
    /// One photo's data.
    #[must_use]
    pub fn photo(photo: PhotoId) -> Self {
        Self(format!("photo:{photo}"))
    }

    /// What all photos share: score and rank. One rating can move thousands of them.
    #[must_use]
    pub fn ranks() -> Self {
        Self("ranks".to_owned())
    }

    /// All pages of one top list.
    #[must_use]
    pub fn top(period: Period, species: Option<Species>) -> Self {
        Self(format!("top:{}:{}", period.name(), species.map_or("all", Species::name)))
    }

    /// All pages of the trending list.
    #[must_use]
    pub fn trending() -> Self {
        Self("trending".to_owned())
    }

    /// How many photos there are to rate.
    #[must_use]
    pub fn totals() -> Self {
        Self("totals".to_owned())
    }

    /// A group by the name that listing gave.
    #[must_use]
    pub(super) fn named(name: String) -> Self {
        Self(name)
    }

    /// The group around this one: a drop of it voids this one, too.
    #[must_use]
    pub(super) fn around(&self) -> Option<Self> {
        self.0.starts_with("photo:").then(Self::ranks)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// The groups that an event makes stale.
#[must_use]
pub fn groups_concerned(event: &Event) -> Vec<Group> {
    match event {
        Event::PhotoProgressed { photo } | Event::PhotoRated { photo } => vec![Group::photo(*photo)],
        // A new photo has no rank yet: lists change with the ranking that follows.
        Event::PhotoPublished { photo, .. } => vec![Group::photo(*photo), Group::totals()],
        Event::PhotoRemoved { photo, species } => {
            let mut groups = tops(&[*species]);
            groups.extend([Group::photo(*photo), Group::trending(), Group::totals()]);
            groups
        }
        Event::RanksMoved { species } => {
            let mut groups = tops(species);
            groups.push(Group::ranks());
            groups
        }
        Event::ViralityMoved { photos } => {
            let mut groups: Vec<Group> = photos.iter().copied().map(Group::photo).collect();
            groups.push(Group::trending());
            groups
        }
        Event::MemberChanged { photos } => photos.iter().copied().map(Group::photo).collect(),
    }
}

/// The open pages that show something else after an event.
#[must_use]
pub fn topics_concerned(event: &Event) -> Vec<Topic> {
    match event {
        Event::PhotoProgressed { photo }
        | Event::PhotoPublished { photo, .. }
        | Event::PhotoRemoved { photo, .. }
        | Event::PhotoRated { photo } => vec![Topic::photo(*photo)],
        Event::ViralityMoved { photos } => photos.iter().copied().map(Topic::photo).collect(),
        Event::RanksMoved { .. } | Event::MemberChanged { .. } => Vec::new(),
    }
}

/// Every period's list of each species given, and of all species.
fn tops(species: &[Species]) -> Vec<Group> {
    let mut groups = Vec::new();
    for period in Period::ALL {
        groups.push(Group::top(period, None));
        groups.extend(species.iter().map(|species| Group::top(period, Some(*species))));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHOTO: PhotoId = PhotoId(7);

    #[test]
    fn a_rating_concerns_its_photo_and_nothing_else() {
        let event = Event::PhotoRated { photo: PHOTO };
        assert_eq!(groups_concerned(&event), [Group::photo(PHOTO)]);
        assert_eq!(topics_concerned(&event), [Topic::photo(PHOTO)]);
    }

    #[test]
    fn moved_ranks_of_dogs_leave_the_lists_of_cats_alone() {
        let groups = groups_concerned(&Event::RanksMoved { species: vec![Species::Dog] });
        assert!(groups.contains(&Group::top(Period::Week, Some(Species::Dog))));
        assert!(groups.contains(&Group::top(Period::All, None)));
        assert!(!groups.contains(&Group::top(Period::All, Some(Species::Cat))));
        assert!(!groups.contains(&Group::trending()));
        assert!(groups.contains(&Group::ranks()));
        assert_eq!(
            Group::photo(PHOTO).around(),
            Some(Group::ranks()),
            "so that every photo's rank is read anew"
        );
    }

    #[test]
    fn a_removed_photo_leaves_no_list_that_may_show_it() {
        let groups = groups_concerned(&Event::PhotoRemoved { photo: PHOTO, species: Species::Cat });
        for group in [Group::photo(PHOTO), Group::trending(), Group::top(Period::Day, Some(Species::Cat))] {
            assert!(groups.contains(&group), "{group:?}");
        }
        assert!(!groups.contains(&Group::top(Period::Day, Some(Species::Dog))));
    }
}
