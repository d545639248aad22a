-- Opening what is sealed: who asks to read it and why, what was answered, and until when it is open.
create table seal_opening (
    seal_opening_id {id},
    matter_id text not null,
    field text not null,
    -- who asks, and for which unit
    user_id bigint not null,
    unit_id bigint not null references unit (unit_id),
    -- the unit that wrote the field: its leaders answer
    writer_unit_id bigint not null references unit (unit_id),
    -- why, sealed
    reason text not null,
    asked_at bigint not null,
    -- null: not answered yet
    answered_at bigint,
    answered_by bigint,
    -- why it was refused, sealed; null: not answered, or opened
    refusal text,
    -- null: not opened
    open_until bigint,
    constraint seal_opening_answer check ((answered_at is null) = (answered_by is null))
);
create index seal_opening_by_matter on seal_opening (matter_id, seal_opening_id);
create index seal_opening_by_user on seal_opening (user_id, open_until);
create index seal_opening_by_writer on seal_opening (writer_unit_id, seal_opening_id);

-- How something was taken in: read on a page, as a document, in an export … (see access.rs).
alter table access_event add column kind text not null default 'read';
-- The day in Asia/Shanghai, YYYY-MM-DD; empty in rows older than the column.
alter table access_event add column day text not null default '';

-- What a picture itself says of where and when it was taken, sealed; empty: it says nothing.
alter table attachment add column taken text not null default '';

-- What is on its way in lies hidden from now on: what began to come before begins anew.
update partial_upload set expires_at = 0 where sha256 is null;
