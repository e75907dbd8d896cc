-- schema.sql - what Narae's push functions keep: devices, the ledger of sends, parked messages. Run it as often as you like:
-- it only adds what is missing.
--
--   psql "$DATABASE" -v ON_ERROR_STOP=1 -f functions/push/schema.sql
--
-- All need USAGE on the schema. push_send needs SELECT and UPDATE on narae_push.device, SELECT, INSERT and UPDATE on narae_push.send, and INSERT on
-- narae_push.parked.
-- push_devices and push_prune need SELECT, INSERT, UPDATE and DELETE on narae_push.device and narae_push.topic; push_prune
-- SELECT and DELETE on narae_push.send and narae_push.parked.

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

-- The ledger: one row for each (message, device), so that a message that comes again is sent only to those that did not get it.
--
--   claimed   a sandbox is sending; after claimable_at it is taken for dead, and the send is made again. Whether FCM had got it
--             is not known then: the collapse keys made from the id let the second one replace the first.
--   retry     it did not get through; from claimable_at on anybody may try again
--   sent      FCM took it
--   skipped   the device is no longer there, or the message expired before it could be sent
--   failed    it will never be sent: the verdict says why
create table if not exists narae_push.send (
    message_id   text not null check (length(message_id) between 1 and 64),   -- the push message's id
    device_id    bigint not null,                                             -- 0: the message's topic or condition
    target       text,                                                        -- "topic:NAME", "condition:..."; null: a device
    state        text not null check (state in ('claimed', 'retry', 'sent', 'skipped', 'failed')),
    verdict      text,                                                        -- of the last attempt; null: none has ended yet
    attempts     integer not null default 1 check (attempts >= 0),            -- requests that FCM may have seen
    holder       bigint,                                                      -- which invocation has claimed it
    claimable_at timestamptz,                                                 -- end of the lease; when to try again
    first_at     timestamptz not null default now(),                          -- first claim: FCM wants no retries after an hour
    updated_at   timestamptz not null default now(),
    primary key (message_id, device_id),
    check ((state = 'claimed') = (holder is not null)),
    check ((state in ('claimed', 'retry')) = (claimable_at is not null))
) with (fillfactor = 70); -- every row is changed once or twice: room for it on the same page keeps the index out of that

-- For the removal by age: rows lie in the order of their time, so the smallest kind of index does.
create index if not exists send_first_at on narae_push.send using brin (first_at);

-- Messages that can never be sent, with the reason; filled when NARAE_PUSH_POISON is "park". After the cause is mended:
--   delete from narae_push.send where message_id = '...' and state = 'failed';    -- then send the body again
create table if not exists narae_push.parked (
    parked_id      bigint generated always as identity primary key,
    sqs_message_id text not null unique,                                      -- a message that comes again is parked once
    message_id     text,                                                      -- null: the body has no id that could be read
    body           text not null,                                             -- as it came: it may hold personal data
    reason         text not null,
    receive_count  integer not null default 0,                                -- 0: unknown
    parked_at      timestamptz not null default now()
);

-- What became of a message, device by device:
--   select * from narae_push.trail where message_id = 'c0ffee-42';
create or replace view narae_push.trail as
select s.message_id, s.device_id, s.target, d.user_id, d.platform, s.state, s.verdict, s.attempts, s.first_at, s.updated_at,
       s.claimable_at, d.status as device_status, d.inactive_reason
from narae_push.send s
left join narae_push.device d on d.device_id = s.device_id and s.device_id <> 0;
-- The last register, replace or unregister that was applied: an older one that comes late changes nothing.
alter table narae_push.device add column if not exists registered_at timestamptz;

-- When FCM was last asked which topics the registration really has.
alter table narae_push.device add column if not exists topics_checked_at timestamptz;

-- What push_prune asks: who has not been heard of, and whose rows may go.
create index if not exists device_refreshed on narae_push.device (platform, refreshed_at) where status = 'active';
create index if not exists device_inactive on narae_push.device (inactive_at) where status = 'inactive';

-- Topic subscriptions: what the client wants, and how far FCM has been told. A row is a job that anybody may take up again.
--
--   wanted    to be subscribed        -> active | failed
--   active    FCM has it
--   removing  to be unsubscribed      -> removed | failed
--   removed   FCM no longer has it; kept for a while, so that an older wish that comes late is known to be older
--   failed    FCM will never take it as it is (reason); the next registration of the client tries again
--
-- is_wanted is the client's wish alone. A device that lapsed keeps its wishes: it is unsubscribed, and when it comes back, or
-- another registration replaces it, the wishes are what is subscribed again.
create table if not exists narae_push.topic (
    device_id   bigint not null references narae_push.device on delete cascade,
    topic       text not null check (length(topic) between 1 and 900),
    is_wanted   boolean not null,
    state       text not null check (state in ('wanted', 'active', 'removing', 'removed', 'failed')),
    wish        bigint not null default 1,                   -- raised whenever state is set anew: an answer to an older one is dropped
    wished_at   timestamptz not null default now(),          -- when the client said so
    attempts    integer not null default 0,                  -- calls to FCM since then
    next_at     timestamptz not null default now(),          -- not to be tried before
    lease_until timestamptz,                                 -- somebody is at it until then; a crash ends with the lease
    settled_at  timestamptz not null default now(),          -- last change of state by an answer of FCM
    reason      text,                                        -- of the last attempt that did not work
    primary key (device_id, topic)
);

-- What is to be done, the longest due first.
create index if not exists topic_due on narae_push.topic (next_at) where state in ('wanted', 'removing');

-- What may go.
create index if not exists topic_removed on narae_push.topic (settled_at) where state = 'removed';
