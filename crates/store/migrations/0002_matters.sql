-- Matters, what happened to them, the tables read from, and what lies around the acts.
-- Truths are 0 and 1, instants microseconds since 1970 in UTC, days YYYY-MM-DD, ids of matters UUIDs of
-- version 7.

-- ---- matters ---------------------------------------------------------------------------------------

-- What happened: the one thing everything else below follows from.
create table event (
    matter_id text not null,
    number integer not null,
    at bigint not null,
    -- null: the platform itself
    user_id bigint,
    unit_id bigint,
    what text not null,
    body text not null,
    primary key (matter_id, number)
) {clustered};
-- append-only event

-- Read table: one row a matter, what lists show and filter.
create table matter (
    matter_id text not null primary key,
    root_id text not null,
    -- null: a root
    parent_id text,
    procedure_id text not null,
    version text not null,
    number text not null,
    title text not null,
    state text not null,
    ended integer not null,
    -- null: nobody holds the pen
    holder_unit_id bigint,
    -- null: the platform itself
    opener_unit_id bigint,
    -- null: no draft waits for approval
    approver_unit_id bigint,
    approver_role text not null,
    division_code text not null,
    -- ids with a space between
    categories text not null,
    severity text not null,
    place text not null,
    enterprise text not null,
    -- microdegrees; null: no place on the map
    longitude_e6 integer,
    latitude_e6 integer,
    opened_at bigint not null,
    changed_at bigint not null,
    events integer not null,
    -- end of the open obligation that ends first; 9223372036854775807: none runs
    due_at bigint not null,
    -- what search compares with
    words text not null
) {clustered};
create unique index matter_number_once on matter (number);
create index matter_by_root on matter (root_id);
create index matter_by_change on matter (procedure_id, changed_at, matter_id);
create index matter_by_due on matter (procedure_id, due_at, matter_id);
create index matter_by_opener on matter (opener_unit_id, ended, changed_at);
create index matter_by_approver on matter (approver_unit_id, changed_at)
    where approver_unit_id is not null;

-- Read table: the whole matter as JSON, beside those of its family.
create table matter_body (
    root_id text not null,
    matter_id text not null,
    body text not null,
    -- who opened it and who wrote each field, as JSON
    provenance text not null,
    primary key (root_id, matter_id)
) {clustered};

-- Read table: who takes part. `turn`: 0 waits, 1 holds the pen, 2 holds it and must sign for receipt.
create table matter_party (
    matter_id text not null,
    party text not null,
    unit_id bigint not null references unit (unit_id),
    turn integer not null,
    primary key (matter_id, party, unit_id)
) {clustered};
create index matter_party_by_turn on matter_party (unit_id, turn, matter_id) where turn > 0;

-- Who may see what: written when a unit is let in, never changed.
create table matter_scope (
    unit_id bigint not null references unit (unit_id),
    procedure_id text not null,
    matter_id text not null,
    primary key (unit_id, procedure_id, matter_id)
) {clustered};

-- Read table: what is owed.
create table obligation (
    matter_id text not null,
    number integer not null,
    procedure_id text not null,
    kind text not null,
    nature text not null,
    debtor_unit_id bigint not null references unit (unit_id),
    creditor_unit_id bigint not null references unit (unit_id),
    -- null: the end is stated in the matter
    limit_id text,
    started_at bigint not null,
    due_on text not null,
    due_at bigint not null,
    standing text not null,
    is_open integer not null,
    is_running integer not null,
    provisional integer not null,
    -- null: its clock runs
    suspended_on text,
    -- null: not met
    met_at bigint,
    -- null: has not run out
    lapsed_at bigint,
    -- null: has not fallen away
    ended_at bigint,
    -- null: never urged
    urged_at bigint,
    primary key (matter_id, number)
) {clustered};
create index obligation_open_by_debtor on obligation (debtor_unit_id, due_at) where is_open = 1;
create index obligation_open_by_creditor on obligation (creditor_unit_id, due_at) where is_open = 1;
create index obligation_next_over on obligation (due_at, debtor_unit_id) where is_running = 1;
create index obligation_provisional on obligation (due_on) where is_running = 1 and provisional = 1;

-- Kept counters, written in the action's own transaction.
create table unit_counter (
    unit_id bigint not null references unit (unit_id),
    name text not null,
    number bigint not null,
    primary key (unit_id, name)
) {clustered};

-- By what a matter is found: pairs of characters of its words, and marks like `=problem/found` (see
-- term.rs). Each list of a term is in the order of opening.
create table matter_term (
    term text not null,
    matter_id text not null,
    primary key (term, matter_id)
) {clustered};

-- Numbers given out, by first part and year.
create table matter_number (
    prefix text not null,
    year integer not null,
    last integer not null,
    primary key (prefix, year)
) {clustered};

-- ---- around the acts -------------------------------------------------------------------------------

-- A request sent twice acts once.
create table idempotency (
    user_id bigint not null,
    key text not null,
    request_hash text not null,
    answer text not null,
    created_at bigint not null,
    primary key (user_id, key)
) {clustered};
create index idempotency_by_time on idempotency (created_at);

-- What was filled in and not yet done. `matter_id` is empty for a matter yet to be opened.
create table draft (
    user_id bigint not null,
    form text not null,
    matter_id text not null,
    unit_id bigint not null,
    title text not null,
    -- empty while the user writes; else why the act was refused
    refusal text not null,
    body text not null,
    saved_at bigint not null,
    primary key (user_id, form, matter_id)
) {clustered};

-- Files by the hash of their bytes; the bytes lie on disk.
create table attachment (
    sha256 text not null primary key,
    size_bytes bigint not null,
    media_type text not null,
    stored_at bigint not null
);

create table attachment_upload (
    sha256 text not null references attachment (sha256),
    user_id bigint not null,
    unit_id bigint not null,
    name text not null,
    uploaded_at bigint not null,
    primary key (sha256, user_id)
) {clustered};

create table matter_attachment (
    matter_id text not null,
    field text not null,
    sha256 text not null references attachment (sha256),
    name text not null,
    primary key (matter_id, field, sha256)
) {clustered};
create index matter_attachment_by_file on matter_attachment (sha256, matter_id);

-- Holidays of a year, as published; loaded when the program does not yet carry them.
create table calendar_table (
    year integer not null primary key,
    rows text not null,
    loaded_by bigint,
    loaded_at bigint not null
);

-- Who read fields that only some may read.
create table access_event (
    access_event_id {id},
    at bigint not null,
    user_id bigint not null,
    unit_id bigint not null,
    matter_id text not null,
    fields text not null
);
create index access_event_by_matter on access_event (matter_id, access_event_id);
-- append-only access_event
