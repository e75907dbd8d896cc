-- schema.sql - the device registry of Narae's push functions. Run it as often as you like: it only adds what is missing.
--
--   psql "$DATABASE" -v ON_ERROR_STOP=1 -f functions/push/schema.sql
--
-- The functions need SELECT and UPDATE on narae_push.device.

create schema if not exists narae_push;

-- One row for each registration of an app on a device.
create table if not exists narae_push.device (
    device_id         bigint generated always as identity primary key,
    user_id           text check (length(user_id) between 1 and 64),          -- null: nobody is signed in
    app_id            text not null default 'default' check (length(app_id) between 1 and 64),
    kind              text not null check (kind in ('token', 'fid')),         -- which target field of FCM it is
    platform          text not null check (platform in ('android', 'ios', 'web')),
    registration      text not null check (length(registration) between 1 and 4096), -- a secret: never log it
    registration_hash bytea not null check (octet_length(registration_hash) = 32),   -- SHA-256 of registration
    installation_id   text,                                                   -- joins the token and fid rows of one app
    refreshed_at      timestamptz not null default now(),                     -- last sign of life from the client
    last_ok_at        timestamptz,                                            -- last send that FCM accepted
    status            text not null default 'active' check (status in ('active', 'inactive')),
    inactive_reason   text check (inactive_reason in ('unregistered', 'sender_id_mismatch', 'invalid_registration',
                                                      'apns_unregistered', 'stale', 'replaced', 'logout')),
    inactive_at       timestamptz,
    version           bigint not null default 1,                              -- raised by every registration of the client
    check ((status = 'inactive') = (inactive_reason is not null)),
    check ((status = 'inactive') = (inactive_at is not null))
);

-- A registration moves between users when somebody else signs in, so it is unique without the user.
create unique index if not exists device_registration on narae_push.device (app_id, kind, registration_hash);

-- What push_send asks: the active devices of some users.
create index if not exists device_user on narae_push.device (user_id) where status = 'active';
