//! The control schema's tables as diesel sees them; the migrations are their source.

diesel::table! {
    strongroom.account (id) {
        id -> Uuid,
        email -> Text,
        name -> Text,
        password -> Nullable<Text>,
        state -> Text,
        operator -> Bool,
        created_at -> Timestamptz,
        password_changed_at -> Nullable<Timestamptz>,
        barred_by_directory -> Bool,
    }
}

diesel::table! {
    strongroom.identity (source_kind, source_id, subject) {
        source_kind -> Text,
        source_id -> Uuid,
        subject -> Text,
        account_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    strongroom.identity_request (source_kind, source_id, subject) {
        source_kind -> Text,
        source_id -> Uuid,
        subject -> Text,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        asked_at -> Timestamptz,
    }
}

diesel::table! {
    strongroom.openid_provider (id) {
        id -> Uuid,
        key -> Text,
        label -> Text,
        state -> Text,
        issuer -> Text,
        settings -> Jsonb,
        secret -> Nullable<Binary>,
        created_at -> Timestamptz,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    strongroom.openid_answer (state_digest) {
        state_digest -> Binary,
        taken_at -> Timestamptz,
    }
}

diesel::table! {
    strongroom.organization (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        schema_name -> Text,
        state -> Text,
        schema_version -> Integer,
        audit_tag -> Binary,
        login -> Binary,
        policies -> Jsonb,
        requirements -> Jsonb,
        created_at -> Timestamptz,
        cancelled_at -> Nullable<Timestamptz>,
        export_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    strongroom.legal_hold (id) {
        id -> Uuid,
        organization_id -> Uuid,
        reason -> Text,
        person -> Text,
        concerns -> Nullable<Uuid>,
        placed_at -> Timestamptz,
        placed_by -> Nullable<Uuid>,
        lifted_at -> Nullable<Timestamptz>,
        lifted_by -> Nullable<Uuid>,
        lifted_reason -> Nullable<Text>,
    }
}

diesel::table! {
    strongroom.deletion (id) {
        id -> Uuid,
        organization_id -> Uuid,
        slug -> Text,
        name -> Text,
        cause -> Text,
        ordered_at -> Timestamptz,
        ordered_by -> Nullable<Uuid>,
        hours -> Integer,
        called_back_at -> Nullable<Timestamptz>,
        called_back_by -> Nullable<Uuid>,
        finished_at -> Nullable<Timestamptz>,
        certificate -> Nullable<Text>,
        signature -> Nullable<Binary>,
        swept_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    strongroom.organization_key (organization_id, version) {
        organization_id -> Uuid,
        version -> Integer,
        wrapped -> Binary,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    strongroom.membership (organization_id, account_id) {
        organization_id -> Uuid,
        account_id -> Uuid,
        role -> Text,
        state -> Text,
        narrowing -> Jsonb,
        created_at -> Timestamptz,
        source_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    strongroom.kept_narrowing (organization_id, account_id) {
        organization_id -> Uuid,
        account_id -> Uuid,
        narrowing -> Jsonb,
    }
}

diesel::table! {
    strongroom.session (id) {
        id -> Uuid,
        token_hash -> Binary,
        account_id -> Uuid,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        address -> Text,
        device -> Text,
        factor -> Nullable<Text>,
        elevated_until -> Nullable<Timestamptz>,
        withdrawn -> Bool,
    }
}

diesel::table! {
    strongroom.factor (id) {
        id -> Uuid,
        account_id -> Uuid,
        kind -> Text,
        label -> Text,
        secret -> Binary,
        state -> Text,
        last_step -> Nullable<BigInt>,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        credential_hash -> Nullable<Binary>,
        relying_party -> Nullable<Text>,
    }
}

diesel::table! {
    strongroom.api_token (id) {
        id -> Uuid,
        public_id -> Text,
        secret_hash -> Binary,
        account_id -> Uuid,
        organization_id -> Uuid,
        name -> Text,
        permissions -> Nullable<Array<Text>>,
        narrowing -> Jsonb,
        networks -> Array<Text>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    strongroom.setting (name) {
        name -> Text,
        value -> Jsonb,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    strongroom.job (id) {
        id -> Uuid,
        organization_id -> Nullable<Uuid>,
        account_id -> Nullable<Uuid>,
        kind -> Text,
        state -> Text,
        payload -> Jsonb,
        progress -> Jsonb,
        result -> Nullable<Jsonb>,
        attempts -> Integer,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        lease_until -> Nullable<Timestamptz>,
        failures -> Integer,
        not_before -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    strongroom.idempotency (scope) {
        scope -> Binary,
        request_hash -> Binary,
        created_at -> Timestamptz,
        response -> Nullable<Binary>,
        organization_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    strongroom.operator_grant (id) {
        id -> Uuid,
        organization_id -> Uuid,
        account_id -> Uuid,
        extent -> Text,
        purpose -> Text,
        hours -> Integer,
        asked_at -> Timestamptz,
        decision -> Nullable<Text>,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        expires_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
        ended_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    strongroom.promise_observation (promise_id, checked_at) {
        promise_id -> Text,
        checked_at -> Timestamptz,
        observation -> Jsonb,
    }
}

diesel::table! {
    strongroom.entry (id) {
        id -> Uuid,
        sequence -> BigInt,
        organization_id -> Nullable<Uuid>,
        kind -> SmallInt,
        key_version -> Integer,
        header -> Binary,
        c_header -> Binary,
        c_before -> Binary,
        c_after -> Binary,
        appended_at -> Timestamptz,
    }
}

diesel::table! {
    strongroom.directory (id) {
        id -> Uuid,
        key -> Text,
        state -> Text,
        settings -> Jsonb,
        secret -> Nullable<Binary>,
        client_key -> Nullable<Binary>,
        first_sign_in -> Text,
        last_sync -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    strongroom.group_mapping (directory_id, group_key, organization_id) {
        directory_id -> Uuid,
        group_key -> Text,
        organization_id -> Uuid,
        role -> Text,
    }
}

diesel::joinable!(membership -> account (account_id));
diesel::joinable!(membership -> organization (organization_id));
diesel::joinable!(session -> account (account_id));
diesel::joinable!(api_token -> account (account_id));
diesel::joinable!(api_token -> organization (organization_id));
diesel::joinable!(identity -> account (account_id));
diesel::allow_tables_to_appear_in_same_query!(legal_hold, organization);
diesel::allow_tables_to_appear_in_same_query!(
    account,
    organization,
    membership,
    session,
    api_token,
    identity
);
