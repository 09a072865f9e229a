//! A hub's settings.

use askama::Template;
use pawdium_shared::hubs::{Joining, Visibility};
use strum::VariantArray as _;

use super::hubs::{HubForm, HubHead, joining_label, visibility_label};
use super::{Chrome, Field, filters};

/// `GET /h/{slug}/settings`, and the answer to a refused form on it.
#[derive(Debug, Template)]
#[template(path = "hubs/settings.html")]
pub struct HubSettingsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub.
    pub head: HubHead,
    /// Whether the viewer may change it. Moderators may only delete it.
    pub is_owner: bool,
    /// The current slug, which confirms the deletion.
    pub slug: String,
    /// The fields.
    pub form: HubForm,
    /// The slug that confirms the deletion.
    pub confirm: Field,
    /// The time zones to choose from.
    pub zones: Vec<ZoneRegion>,
    /// The hub's time zone.
    pub zone: String,
    /// Why another one was refused.
    pub zone_error: Option<String>,
}

/// The time zones of a part of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneRegion {
    /// Its name, such as Europe.
    pub name: String,
    /// The zones: names and labels.
    pub zones: Vec<(String, String)>,
}

impl ZoneRegion {
    /// Groups zones, which are sorted by name, by what stands before the first slash.
    #[must_use]
    pub fn group(zones: &[String]) -> Vec<Self> {
        let split = |zone: &str| match zone.split_once('/') {
            Some((region, place)) => (region.to_owned(), place.replace('_', " ").replace('/', ", ")),
            None => ("Everywhere".to_owned(), zone.to_owned()),
        };
        let mut regions: Vec<Self> = Vec::new();
        for zone in zones {
            let (name, label) = split(zone);
            let shown = (zone.clone(), label);
            match regions.last_mut() {
                Some(last) if last.name == name => last.zones.push(shown),
                _ => regions.push(Self { name, zones: vec![shown] }),
            }
        }
        regions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_listed_by_region() {
        let zones =
            ["America/Argentina/Ushuaia", "Europe/Berlin", "Europe/Isle_of_Man", "UTC"].map(str::to_owned);
        let regions = ZoneRegion::group(&zones);
        let names: Vec<_> = regions.iter().map(|region| region.name.as_str()).collect();
        assert_eq!(names, ["America", "Europe", "Everywhere"]);
        let labels: Vec<_> = regions[1].zones.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(
            (labels, regions[0].zones[0].1.as_str()),
            (vec!["Berlin", "Isle of Man"], "Argentina, Ushuaia")
        );
    }
}
