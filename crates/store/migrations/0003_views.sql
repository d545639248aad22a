-- Saved views (常用视图): a list with its filters, sort and columns under a name of one's own.
create table saved_view (
    user_id bigint not null references user_account (user_id),
    -- the list's address
    page text not null,
    name text not null,
    -- what stands after the `?`
    query text not null,
    saved_at bigint not null,
    primary key (user_id, page, name)
) {clustered};
