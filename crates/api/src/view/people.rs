//! Members and tokens as JSON.

use access::MemberState;
use jiff::Timestamp;
use platform::{member::Member, token::Token};
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
