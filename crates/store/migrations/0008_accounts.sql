-- Second factors, signing in by halves, visits to an identity provider, and how a session was opened.

-- Everybody signs in anew: what a session must now know, an old one cannot say.
drop table session;
create table session (
  session_id {id},
  -- SHA-256 of the token, in hex
  token_hash text not null,
  -- SHA-256 of the token before the last renewal; null: none that still counts
  old_token_hash text,
  -- until then the old token still counts, for requests that were on their way
  old_until bigint not null,
  -- whether it is given a new token with the next answer: its person's rights were changed
  is_to_renew bigint not null,
  user_id bigint not null references user_account (user_id),
  -- null: acts for no unit
  unit_id bigint references unit (unit_id),
  -- null: every role held there
  role text,
  road text not null constraint session_road check (road in ('password', 'provider', 'demo')),
  -- whether two factors were given
  two_factors bigint not null,
  created_at bigint not null,
  used_at bigint not null,
  ends_at bigint not null,
  address text not null,
  agent text not null
);
create unique index session_by_token on session (token_hash);
create index session_by_old_token on session (old_token_hash) where old_token_hash is not null;
create index session_by_user on session (user_id, created_at);
create index session_by_end on session (ends_at);

-- The secret a person's authenticator shares with the platform.
create table second_factor (
  user_id bigint not null references user_account (user_id),
  -- sealed
  secret text not null,
  begun_at bigint not null,
  -- null: shown, and not yet confirmed by a first code
  confirmed_at bigint,
  -- the newest step of time whose code was taken: no code of it or of an earlier one counts again
  used_step bigint not null,
  primary key (user_id)
);

create table recovery_code (
  user_id bigint not null references user_account (user_id),
  -- SHA-256, in hex
  code_hash text not null,
  made_at bigint not null,
  -- null: still good
  used_at bigint,
  primary key (user_id, code_hash)
) {clustered};

-- The password was right and the code is still missing. No session.
create table sign_in_half (
  -- SHA-256 of the token, in hex
  token_hash text not null,
  user_id bigint not null references user_account (user_id),
  road text not null constraint sign_in_half_road check (road in ('password', 'provider')),
  ends_at bigint not null,
  primary key (token_hash)
);
create index sign_in_half_by_end on sign_in_half (ends_at);

-- Somebody who was sent to the identity provider and is to come back.
create table provider_visit (
  -- SHA-256 of the token, in hex
  token_hash text not null,
  state text not null,
  nonce text not null,
  verifier text not null,
  -- the page of ours asked for
  next_page text not null,
  ends_at bigint not null,
  primary key (token_hash)
);
create index provider_visit_by_end on provider_visit (ends_at);
