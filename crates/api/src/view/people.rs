//! Members and tokens as JSON.

use access::MemberState;
use jiff::Timestamp;
use platform::{invitation::Invitation, member::Member, narrowing::NamedNarrowing, token::Token};
use serde::Serialize;
use types::{AccountId, TokenId};

/// A member.
#[derive(Serialize)]
pub(crate) struct MemberView<'a> {
    account: AccountId,
    email: &'a str,
    name: &'a str,
    role: &'static str,
    state: MemberState,
    joined_at: Timestamp,
    has_password: bool,
    narrowing: &'a NamedNarrowing,
    /// The link to set a first password, once, in the answer that makes the member.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    invitation: Option<InvitationView<'a>>,
}

/// A link to set a first password.
#[derive(Serialize)]
pub(crate) struct InvitationView<'a> {
    invitation_url: &'a str,
    invitation_expires_at: Timestamp,
}

impl<'a> From<&'a Invitation> for InvitationView<'a> {
    fn from(invitation: &'a Invitation) -> Self {
        Self {
            invitation_url: invitation.url.expose(),
            invitation_expires_at: invitation.expires_at,
        }
    }
}

impl<'a> MemberView<'a> {
    pub(crate) fn invited(member: &'a Member, invitation: Option<&'a Invitation>) -> Self {
        Self {
            invitation: invitation.map(InvitationView::from),
            ..Self::from(member)
        }
    }
}

impl<'a> From<&'a Member> for MemberView<'a> {
    fn from(member: &'a Member) -> Self {
        Self {
            account: member.account,
            email: &member.email,
            name: &member.name,
            role: member.role.as_str(),
            state: member.state,
            joined_at: member.joined_at,
            has_password: member.has_password,
            narrowing: &member.narrowing,
            invitation: None,
        }
    }
}

/// A page of members.
#[derive(Serialize)]
pub(crate) struct MembersView<'a> {
    pub(crate) members: Vec<MemberView<'a>>,
    pub(crate) next: Option<String>,
    pub(crate) links: super::record::Links<'a>,
}

/// A token, without its secret.
#[derive(Serialize)]
pub(crate) struct TokenView<'a> {
    id: TokenId,
    public_id: &'a str,
    name: &'a str,
    permissions: Option<&'a [String]>,
    narrowing: &'a NamedNarrowing,
    networks: &'a [String],
    expires_soon: bool,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    /// The secret, once, in the answer that makes the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

impl<'a> TokenView<'a> {
    pub(crate) fn of(token: &'a Token, secret: Option<&'a str>) -> Self {
        Self {
            id: token.id,
            public_id: &token.public_id,
            name: &token.name,
            permissions: token.permissions.as_deref(),
            narrowing: &token.narrowing,
            networks: &token.networks,
            expires_soon: token.expires_soon(Timestamp::now()),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
            secret,
        }
    }
}

/// The caller's tokens.
#[derive(Serialize)]
pub(crate) struct TokensView<'a> {
    pub(crate) tokens: Vec<TokenView<'a>>,
}
