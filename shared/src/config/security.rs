//! The secret, and the bounds on what people may do.

use secrecy::SecretString;
use serde::Deserialize;
use strum::VariantArray as _;

use super::SecondFactor;
use crate::accounts::Gated;

/// The secret and the rate limits. A limit applies per client address (an IPv6 /64, and eight times as much per /48)
/// unless documented otherwise; 0 turns it off.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityConfig {
    /// At least 32 random characters, the same for all processes. Keys derived from it sign ballots and cookies, and
    /// encrypt the secrets of authenticator apps. No default; `openssl rand -base64 32` generates one. A change
    /// invalidates all signatures, and members must set up their authenticator apps again.
    pub secret: SecretString,
    /// Accounts registered per hour. Default 10.
    pub registrations_per_hour: u32,
    /// Attempts to log in per minute. Default 10.
    pub logins_per_minute: u32,
    /// Requests for a password reset per hour. Default 5.
    pub resets_per_hour: u32,
    /// Photos submitted per hour. Default 60.
    pub uploads_per_hour: u32,
    /// Archives imported per hour. Default 10.
    pub imports_per_hour: u32,
    /// Hubs made per hour. Default 10.
    pub hubs_per_hour: u32,
    /// Anonymous users created, and links shared by visitors without a user, per hour. Default 60.
    pub anonymous_per_hour: u32,
    /// Documents about links (oEmbed) per minute; the server of another site asks for all of its visitors. Default 600.
    pub oembeds_per_minute: u32,
    /// Wrong passwords for one account within ten minutes, and four times as many within a day, by all clients together
    /// from networks where the account has not been used. Each network where it has been used may try as many within
    /// ten minutes on its own. Default 10.
    pub guesses_per_account: u32,
    /// Mails to one recipient within half an hour, regardless of who requests them. Default 3.
    pub mails_per_recipient: u32,
    /// Drafts of anonymous visitors per day. Default 20.
    pub anonymous_uploads_per_day: u32,
    /// Ratings, and votes for talks, by one rater per minute, in each web process. Default 120.
    pub ratings_per_minute: u32,
    /// Ratings from one address per minute, in each web process; many people may share one. Default 1200.
    pub address_ratings_per_minute: u32,
    /// Comments by one member per minute: as many at once, then one after the other. Default 3.
    pub comments_per_minute: u32,
    /// Comments by one member per day. Default 60.
    pub comments_per_day: u32,
    /// Comments per day by a member who registered less than a day ago, or has rated fewer than ten photos. Default 10.
    pub new_member_comments_per_day: u32,
    /// Whether each member's first comment waits for a moderator. Default false.
    pub hold_first_comments: bool,
    /// Reports by one member per hour. Default 10.
    pub reports_per_hour: u32,
    /// How many ordinary reports hide a thing until moderators have judged it; 0 hides nothing. Reports of members whose
    /// reports were right weigh up to twice as much, those of new and unverified accounts less. Default 3.
    pub reports_to_hide: u32,
    /// Whose roles count only with a second factor: `nobody`, `admins`, or `staff`, which are admins and moderators.
    /// Default `nobody`.
    pub require_second_factor: SecondFactor,
    /// What only members with a verified address may do: `comments`, `hubs` (making them) and `tokens` (for the API).
    /// Default all of them.
    pub verified_only: Vec<Gated>,
}

impl Default for SecurityConfig {
    fn default() -> Self {
        Self {
            secret: SecretString::default(),
            registrations_per_hour: 10,
            logins_per_minute: 10,
            resets_per_hour: 5,
            uploads_per_hour: 60,
            imports_per_hour: 10,
            hubs_per_hour: 10,
            anonymous_per_hour: 60,
            oembeds_per_minute: 600,
            guesses_per_account: 10,
            mails_per_recipient: 3,
            anonymous_uploads_per_day: 20,
            ratings_per_minute: 120,
            address_ratings_per_minute: 1200,
            comments_per_minute: 3,
            comments_per_day: 60,
            new_member_comments_per_day: 10,
            hold_first_comments: false,
            reports_per_hour: 10,
            reports_to_hide: 3,
            require_second_factor: SecondFactor::Nobody,
            verified_only: Gated::VARIANTS.to_vec(),
        }
    }
}
