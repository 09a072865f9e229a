//! A hub's page of widgets, and how its owner edits it.

use askama::Template;
use pawdium_web::views::Fragment;
use pawdium_web::views::hub_edit::{ConfigField, ConfigInput, ConfigurePage, GalleryPage, KindCard};
use pawdium_web::views::hub_page::{
    ColumnPart, HubPage, RemovedWidget, WidgetBody, WidgetControls, WidgetFrame,
};
use pawdium_web::views::hubs::{HubTab, Standing};

use super::{Sample, Samples, moment, page};

const RULES: &str = "<div class=\"prose\"><ol><li>The cat is never wrong.</li><li>Rate the face, not \
                     the furniture.</li></ol></div>";

impl Samples {
    pub(super) fn hub_widget_pages(&self) -> askama::Result<Vec<Sample>> {
        let bare = HubPage { left: Vec::new(), right: Vec::new(), ..self.hub_page(false) };
        Ok(vec![
            page("/h/orange-cats", self.hub_page(false).render()?),
            page("/h/orange-cats/edit", self.hub_page(true).render()?),
            page("/h/bare", bare.render()?),
            page("/h/orange-cats/widgets/new", self.gallery().render()?),
            page("/h/orange-cats/widgets/3", self.settings_of_widget().render()?),
        ])
    }

    fn hub_page(&self, is_editing: bool) -> HubPage {
        let rules = || Fragment::cached(RULES.to_owned());
        let widget = |id, body| {
            let controls = is_editing.then_some(WidgetControls {
                layout_version: 12,
                position: i32::from(id % 2 == 0),
                is_left: id < 3,
                is_last: id % 2 == 0,
                may_cross: true,
                has_settings: true,
                focus: None,
            });
            ColumnPart::Widget(Box::new(WidgetFrame { controls, ..self.widget(id, body) }))
        };
        let removed = RemovedWidget { id: 9, hub: "/h/orange-cats".to_owned(), title: self.hub_name(3) };
        let mut left = vec![widget(1, WidgetBody::Fresh(rules())), widget(2, WidgetBody::Failed)];
        if is_editing {
            left.insert(1, ColumnPart::Removed(removed));
        }
        HubPage {
            chrome: self.member(),
            head: self.hub_head(Standing::Owner, HubTab::Home),
            topic: "hub=orange-cats".to_owned(),
            layout_version: 12,
            left,
            right: vec![
                widget(3, WidgetBody::Old { body: rules(), as_of: moment() }),
                widget(4, WidgetBody::Empty),
            ],
            may_edit: true,
            is_editing,
            cache: None,
            card: None,
        }
    }

    fn widget(&self, id: i64, body: WidgetBody) -> WidgetFrame {
        WidgetFrame {
            id,
            hub: "/h/orange-cats".to_owned(),
            kind: "rules".to_owned(),
            title: self.hub_name(id),
            version: 7,
            body,
            snippet: None,
            controls: None,
        }
    }

    fn gallery(&self) -> GalleryPage {
        let bodies =
            [WidgetBody::Fresh(Fragment::cached(RULES.to_owned())), WidgetBody::Empty, WidgetBody::Failed];
        let card = |(id, body)| KindCard {
            kind: "rules",
            title: "House rules",
            about: "What members should keep in mind.",
            preview: self.widget(id, body),
            allows_left: id != 2,
            allows_right: id != 1,
        };
        GalleryPage {
            chrome: self.member(),
            head: self.hub_head(Standing::Owner, HubTab::Home),
            layout_version: 12,
            kinds: (0..).zip(bodies).map(card).collect(),
        }
    }

    fn settings_of_widget(&self) -> ConfigurePage {
        let text = self.text.clone().unwrap_or_else(|| "tomorrow".to_owned());
        let inputs = [
            ("until", ConfigInput::Line { longest: 10 }),
            ("text", ConfigInput::Text { longest: 500 }),
            ("limit", ConfigInput::Number { min: 1, max: 20 }),
            ("show_names", ConfigInput::Check),
            ("colour", ConfigInput::Choice(vec!["yellow".to_owned(), "pink".to_owned()])),
        ];
        let field = |(key, input): (&str, ConfigInput)| ConfigField {
            key: key.to_owned(),
            help: "What this sets.".to_owned(),
            value: text.clone(),
            error: (key == "until").then(|| "Write the day as year, month and day.".to_owned()),
            input,
        };
        ConfigurePage {
            chrome: self.member(),
            head: self.hub_head(Standing::Owner, HubTab::Home),
            id: 3,
            title: "Note".to_owned(),
            about: "A coloured note with a few words.".to_owned(),
            layout_version: 12,
            fields: inputs.into_iter().map(field).collect(),
            error: Some("Somebody else has changed the page meanwhile.".to_owned()),
        }
    }
}
