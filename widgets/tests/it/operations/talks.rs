//! Changes of calls, talks and votes.

use chrono::{TimeDelta, Utc};
use pawdium_shared::accounts::{self, User};
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{CallId, TalkId, UserId};
use pawdium_shared::talks::{
    CallChange, CallTitle, NewCall, Phase, Reason, TalkChange, TalkTitle, Totals, Voters, calls, devices,
    pitch,
};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use strum::VariantArray as _;

use super::{Changer, Operation};
use crate::world::{asked, new_call, new_talk, vote};

impl Changer<'_> {
    pub(super) async fn change_calls(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let founder = accounts::queries::find(tx, self.founder).await?.expect("it stays");
        match operation {
            Operation::OpenCall => self.open_call(tx, &founder).await,
            Operation::MoveCall => self.move_call(tx, &founder).await,
            Operation::ChangeCall => self.change_call(tx, &founder).await,
            Operation::Pitch => {
                let Some(call) = self.call("pitch").await else { return Ok(false) };
                let member = self.member().await;
                asked(pitch::pitch(tx, call, member, &new_talk(&format!("Talk {}", self.made))).await)
            }
            Operation::EditTalk | Operation::WithdrawTalk => self.change_own_talk(operation, tx).await,
            Operation::HideTalk => {
                let Some(talk) = self.talk("state in ('waiting', 'shown')").await else { return Ok(false) };
                asked(pitch::hide(tx, talk, &founder, &reason()).await)
            }
            Operation::ApproveTalk => {
                let Some(talk) = self.talk("state in ('waiting', 'hidden')").await else { return Ok(false) };
                asked(pitch::approve(tx, talk, &founder).await)
            }
            Operation::Vote => {
                let Some(talk) = self.talk("state = 'shown' and call_phase(calls) = 'voting'").await else {
                    return Ok(false);
                };
                let member = self.member().await;
                vote(tx, talk, member).await
            }
            _ => self.set_aside(tx, &founder).await,
        }
    }

    async fn call(&mut self, phase: &str) -> Option<CallId> {
        let calls = format!("select id from calls where call_phase(calls) = '{phase}' order by id");
        self.pick(&calls).await.map(CallId)
    }

    async fn talk(&mut self, which: &str) -> Option<TalkId> {
        let talks = format!(
            "select talks.id from talks join calls on calls.id = call_id where {which} order by talks.id"
        );
        self.pick(&talks).await.map(TalkId)
    }

    async fn open_call(&mut self, tx: &mut Tx, founder: &User) -> sqlx::Result<bool> {
        // Most operations need a call that has got somewhere.
        if self.world.ask::<i64>("select count(*) from calls").await > 12 {
            return Ok(false);
        }
        let hub = self.hub().await;
        let totals = *Totals::VARIANTS.choose(&mut self.rng).expect("one");
        let new = NewCall {
            voters: Voters::Anybody,
            blind: self.rng.random(),
            moderated: self.rng.random_bool(0.2),
            ..new_call(&format!("Call {}", self.made), totals, Utc::now())
        };
        asked(calls::create(tx, hub, founder, &new).await)
    }

    /// Moves a call on to its next phase, the early ones more often.
    async fn move_call(&mut self, tx: &mut Tx, founder: &User) -> sqlx::Result<bool> {
        let from = [Phase::Pitch, Phase::Pitch, Phase::Pitch, Phase::Voting, Phase::Closed];
        let from = *from.choose(&mut self.rng).expect("one");
        let Some(call) = self.call(from.name()).await else { return Ok(false) };
        let to = from.next().expect("another phase");
        asked(calls::move_to(tx, call, founder, from, to).await)
    }

    async fn change_call(&mut self, tx: &mut Tx, founder: &User) -> sqlx::Result<bool> {
        let Some(call) = self.pick("select id from calls order by id").await.map(CallId) else {
            return Ok(false);
        };
        let change = if self.rng.random() {
            let title = CallTitle::new(&format!("Call {}", self.made)).expect("a title");
            CallChange { title: Some(title), ..CallChange::default() }
        } else {
            let announced_at = Utc::now() + TimeDelta::hours(self.rng.random_range(50..90));
            CallChange { announced_at: Some(Some(announced_at)), ..CallChange::default() }
        };
        asked(calls::change(tx, call, founder, &change).await)
    }

    async fn change_own_talk(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let own = "author_id is not null and state in ('waiting', 'shown') and call_phase(calls) = 'pitch'";
        let Some(talk) = self.talk(own).await else { return Ok(false) };
        let author = UserId(self.world.ask(&format!("select author_id from talks where id = {talk}")).await);
        if operation == Operation::WithdrawTalk {
            return asked(pitch::withdraw(tx, talk, author).await);
        }
        let title = TalkTitle::new(&format!("Talk {}", self.made)).expect("a title");
        asked(
            pitch::edit(tx, talk, author, &TalkChange { title: Some(title), ..TalkChange::default() }).await,
        )
    }

    /// Sets all votes of a voter aside, or restores them.
    async fn set_aside(&mut self, tx: &mut Tx, founder: &User) -> sqlx::Result<bool> {
        let votes = "select talk_id from talk_votes join calls on calls.id = call_id
                     where call_phase(calls) = 'voting' order by talk_id, voter_id";
        let Some(talk) = self.pick(votes).await else { return Ok(false) };
        let call = CallId(self.world.ask(&format!("select call_id from talks where id = {talk}")).await);
        let voters = format!("select voter_id from talk_votes where talk_id = {talk} order by voter_id");
        let voter = UserId(self.pick(&voters).await.expect("a voter"));
        let is_restored: bool = self
            .world
            .ask(&format!(
                "select bool_or(set_aside_at is not null) from talk_votes where voter_id = {voter}"
            ))
            .await;
        if is_restored {
            return asked(devices::restore(tx, call, founder, &[voter], None, &reason()).await);
        }
        asked(devices::set_aside(tx, call, founder, &[voter], None, &reason()).await)
    }
}

fn reason() -> Reason {
    Reason::new("To see what happens").expect("a reason")
}
