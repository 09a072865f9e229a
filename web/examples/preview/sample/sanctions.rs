//! The pages about sanctions.

use askama::Template;
use chrono::TimeDelta;
use pawdium_shared::moderation::sanctions::list::Counts;
use pawdium_web::views::Field;
use pawdium_web::views::sanctions::{
    AppealPage, AppealView, Entered, MemberRecordPage, SanctionView, SanctionedPage, StandingPage,
};

use super::{Sample, Samples, moment, page};

impl Samples {
    pub(super) fn sanction_pages(&self) -> askama::Result<Vec<Sample>> {
        Ok(vec![
            page("/moderation/members", self.sanctioned(3).render()?),
            page("/moderation/members-none", self.sanctioned(0).render()?),
            page("/moderation/members/mabel", self.record().render()?),
            page("/settings/standing", self.standing(2).render()?),
            page("/settings/standing-none", self.standing(0).render()?),
            page("/appeals/open", self.appeal(Field::default()).render()?),
            page(
                "/appeals/refused",
                self.appeal(Field::refused("", "Say why you think that it is wrong.")).render()?,
            ),
        ])
    }

    fn sanction(&self, id: i64) -> SanctionView {
        let reason =
            self.text.clone().unwrap_or_else(|| "The same advertisement below nine photos.".to_owned());
        SanctionView {
            id,
            member: None,
            sentence: format!("You are silenced until 3 March 2027, 12:00 UTC. Reason: {reason}"),
            kind: "silence",
            done: "silenced",
            reason,
            hides: id == 2,
            bars: false,
            silences: true,
            bans: false,
            warns: false,
            imposer: self.owner(1),
            imposed_at: moment(),
            until: (id != 3).then(|| moment() + TimeDelta::days(7)),
            lifted_at: (id == 2).then(moment),
            lifter: (id == 2).then(|| self.owner(2)),
            in_force: id != 2,
            path: "/appeals/open".to_owned(),
            appeal: (id != 1).then(|| AppealView {
                text: self.text.clone().unwrap_or_else(|| "It was my sister's cat.".to_owned()),
                at: moment(),
                accepted: (id == 2).then_some(true),
                answer: (id == 2).then(|| "You are right, sorry.".to_owned()),
                judge: (id == 2).then(|| self.owner(2)),
            }),
        }
    }

    fn sanctioned(&self, count: i64) -> SanctionedPage {
        let line = |id| SanctionView { member: Some(self.owner(id)), ..self.sanction(id) };
        SanctionedPage {
            chrome: self.member(),
            sanctions: (1..=count).map(line).collect(),
            older: (count > 0).then_some(count),
            is_first: count > 0,
            unknown: (count == 0).then(|| "nobody".to_owned()),
        }
    }

    fn record(&self) -> MemberRecordPage {
        MemberRecordPage {
            chrome: self.member(),
            name: self.owner(2),
            since: moment(),
            role: None,
            counts: Counts { photos: 12, comments: 1234, ratings: 5, withdrawn: 210, hidden: 3, reports: 7 },
            sanctions: (1..=3).map(|id| self.sanction(id)).collect(),
            entered: Entered {
                kind: "ban".to_owned(),
                days: "3".to_owned(),
                error: Some("A ban has no end. Leave it out.".to_owned()),
                field: Some("days".to_owned()),
                ..Entered::default()
            },
        }
    }

    fn standing(&self, count: i64) -> StandingPage {
        StandingPage { chrome: self.member(), sanctions: (1..=count).map(|id| self.sanction(id)).collect() }
    }

    fn appeal(&self, text: Field) -> AppealPage {
        AppealPage { chrome: self.nobody(), sanction: self.sanction(1), text }
    }
}
