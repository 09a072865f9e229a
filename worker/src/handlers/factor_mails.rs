//! What mails about second factors say.

use pawdium_shared::jobs::mail::FactorChange;

use super::hub_mails::About;

/// The sentences of the mail. Its button leads to where its reader can do something about it.
pub(super) fn about(change: &FactorChange) -> About {
    let line = match change {
        FactorChange::AppOn => "An authenticator app is set up. Logging in takes a code from it.".to_owned(),
        FactorChange::AppOff => "The authenticator app is turned off. Its codes no longer work.".to_owned(),
        FactorChange::PasskeyAdded { name } => {
            format!("The passkey “{name}” is added. Whoever has it can log in without a password.")
        }
        FactorChange::PasskeyRemoved { name } => {
            format!("The passkey “{name}” is removed. It no longer opens the account.")
        }
        FactorChange::CodesMade => {
            "There are ten new recovery codes. Those from before no longer work.".to_owned()
        }
        FactorChange::CodeUsed { left } => format!("A recovery code was used. {}", left_over(*left)),
        FactorChange::Reset => {
            "An operator of the site has removed all second factors. Now the password is enough to log in."
                .to_owned()
        }
    };
    About { path: "/settings/security".to_owned(), lines: vec![line], ..About::default() }
}

fn left_over(codes: i64) -> String {
    match codes {
        0 => "None is left: make new ones.".to_owned(),
        1 => "1 is left.".to_owned(),
        left => format!("{left} are left."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_says_how_many_codes_are_left() {
        let line = |left| about(&FactorChange::CodeUsed { left }).lines.remove(0);
        assert_eq!(line(9), "A recovery code was used. 9 are left.");
        assert_eq!(line(1), "A recovery code was used. 1 is left.");
        assert_eq!(line(0), "A recovery code was used. None is left: make new ones.");
    }
}
