-- Long work (后台任务): a row a piece, claimed by one process at a time; and files on their way in.
create table job (
    job_id {id},
    kind text not null,
    user_id bigint not null,
    -- null: asked by somebody who acts for no unit
    unit_id bigint references unit (unit_id),
    -- null: in every role held there
    role text,
    language text not null,
    -- JSON
    asked text not null,
    state text not null
      constraint job_state check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    done bigint not null,
    -- null: nobody knows yet
    total bigint,
    attempts bigint not null,
    asked_at bigint not null,
    -- null: never begun
    started_at bigint,
    -- null: waits or runs
    finished_at bigint,
    -- null: nobody runs it
    runner text,
    -- null: nobody runs it
    leased_until bigint,
    -- JSON; null: nothing to report yet
    report text,
    -- the roles it ran with, with a space between
    rights text not null,
    -- null: it made no file
    file_name text,
    -- null: there is no file, or no longer
    file_place text,
    media_type text,
    sha256 text,
    size_bytes bigint,
    -- null: it made no file
    expires_at bigint,
    constraint job_over check ((finished_at is null) = (state in ('waiting', 'running')))
);
create index job_live on job (job_id) where finished_at is null;
create index job_by_user on job (user_id, job_id);
create index job_by_expiry on job (expires_at) where file_place is not null;
create index job_by_finish on job (finished_at);

-- The bytes lie in FILES/partial; how many there are is what the file's length says.
create table partial_upload (
    upload_id text not null primary key,
    user_id bigint not null,
    unit_id bigint not null references unit (unit_id),
    name text not null,
    size_bytes bigint not null,
    -- null: the sender did not say
    told_sha256 text,
    -- null: not yet whole
    sha256 text references attachment (sha256),
    started_at bigint not null,
    expires_at bigint not null
);
create index partial_upload_by_user on partial_upload (user_id, expires_at);
create index partial_upload_by_expiry on partial_upload (expires_at);
