-- What only some may read is kept sealed under keys of its own. They lie here, sealed in turn under the
-- master key, which is in no database (see vault.rs).
create table vault_key (
    vault_key_id integer not null primary key,
    -- which master key it is sealed under
    master text not null,
    sealed {bytes} not null,
    made_at bigint not null
);
