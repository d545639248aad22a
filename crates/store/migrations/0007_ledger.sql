-- The record neither side has to trust the other's administrator for: one leaf an event of a matter, one
-- an act of the administrators, in the order of commits. docs/ledger.md says how leaves are computed.

create table ledger_leaf (
    -- from 0
    leaf bigint not null primary key,
    -- event, house, rotation
    kind text not null,
    -- of an event; else empty
    matter_id text not null,
    -- the event's number, or the key of admin_event
    number bigint not null,
    hash {bytes} not null,
    -- 1: the event is older than the log
    was_there integer not null,
    -- null: follows from the row it is about
    entry text
) {clustered};
create index ledger_leaf_was_there on ledger_leaf (matter_id, number) where was_there = 1;
-- append-only ledger_leaf

-- Hashes of complete subtrees at every eighth level above the leaves.
create table ledger_tile (
    level integer not null,
    place bigint not null,
    hash {bytes} not null,
    primary key (level, place)
) {clustered};
-- append-only ledger_tile

-- One row: how far the log has come.
create table ledger_head (
    name text not null primary key,
    -- how many leaves, and the hashes on the right edge; empty: none yet
    frontier {bytes} not null,
    -- what the salts of the leaves are drawn from; leaves the platform with nobody
    secret {bytes} not null
) {clustered};
-- The one secret the database makes itself: whichever process takes this step, the next act needs it.
-- only sqlite
insert into ledger_head (name, frontier, secret) values ('log', x'', randomblob(32));
-- end only
-- only postgres
insert into ledger_head (name, frontier, secret)
values ('log', '', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
-- end only

-- What was signed: how many leaves, and the root over them. The note grows when a witness signs too.
create table ledger_checkpoint (
    size bigint not null primary key,
    note text not null,
    made_at bigint not null,
    -- how many witnesses have signed
    witnesses integer not null
) {clustered};
create index ledger_checkpoint_witnessed on ledger_checkpoint (size) where witnesses > 0;

-- null: older than the log; ledger_leaf says where it stands
alter table event add column leaf bigint;
