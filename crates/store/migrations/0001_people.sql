-- Units, users and their roles, sessions, and the administrators' journal.
-- Truths are bigint 0 and 1; instants are bigint microseconds since 1970 in UTC.

create table unit (
  unit_id {id},
  code text not null,
  name text not null,
  short_name text not null,
  side text not null constraint unit_side check (side in ('government', 'procuratorate', 'court')),
  level text not null
    constraint unit_level check (level in ('province', 'city', 'county', 'township')),
  division_code text not null,
  -- null: no unit guides it
  parent_unit_id bigint constraint unit_parent references unit (unit_id),
  line text not null,
  basis text not null,
  -- former and other names, a JSON array
  aliases text not null,
  phone text not null,
  note text not null,
  active bigint not null constraint unit_active check (active in (0, 1)),
  version bigint not null constraint unit_version check (version > 0),
  created_at bigint not null,
  changed_at bigint not null,
  constraint unit_not_above_itself check (parent_unit_id is null or parent_unit_id <> unit_id)
);
create unique index unit_by_code on unit (code);
create unique index unit_by_name on unit (name) where active = 1;
create index unit_by_parent on unit (parent_unit_id);

-- `kind` keeps business and administration apart: roles of either sort refer to (user_id, kind).
create table user_account (
  user_id {id},
  -- lower case
  login_name text not null,
  display_name text not null,
  title text not null,
  phone text not null,
  kind text not null constraint user_account_kind check (kind in ('business', 'platform')),
  password_hash text not null,
  password_changed_at bigint not null,
  must_change_password bigint not null,
  active bigint not null constraint user_account_active check (active in (0, 1)),
  version bigint not null,
  created_at bigint not null,
  -- null: by the program itself
  created_by_user_id bigint references user_account (user_id),
  -- null: never
  signed_in_at bigint
);
create unique index user_account_by_login on user_account (login_name);
create unique index user_account_by_kind on user_account (user_id, kind);
create index user_account_by_name on user_account (display_name, user_id);

create table user_role (
  user_id bigint not null,
  kind text not null constraint user_role_kind check (kind = 'business'),
  unit_id bigint not null references unit (unit_id),
  role text not null constraint user_role_role
    check (role in ('handler', 'leader', 'liaison', 'clerk', 'viewer', 'unit-admin')),
  granted_at bigint not null,
  -- null: by the program itself
  granted_by_user_id bigint references user_account (user_id),
  primary key (user_id, unit_id, role),
  constraint user_role_user foreign key (user_id, kind) references user_account (user_id, kind)
);
create unique index user_role_one_liaison on user_role (unit_id) where role = 'liaison';
create index user_role_by_unit on user_role (unit_id, role, user_id);

-- The key allows one administrator's role a person.
create table platform_role (
  user_id bigint not null,
  kind text not null constraint platform_role_kind check (kind = 'platform'),
  role text not null constraint platform_role_role check
    (role in ('system-administrator', 'security-administrator', 'security-auditor')),
  granted_at bigint not null,
  -- null: by the program itself
  granted_by_user_id bigint references user_account (user_id),
  primary key (user_id),
  constraint platform_role_user foreign key (user_id, kind)
    references user_account (user_id, kind)
);
create index platform_role_by_role on platform_role (role, user_id);

-- Who was liaison of a unit from when to when.
create table liaison_term (
  liaison_term_id {id},
  unit_id bigint not null references unit (unit_id),
  user_id bigint not null references user_account (user_id),
  started_at bigint not null,
  -- null: still
  ended_at bigint,
  reason text not null
);
create unique index liaison_term_open on liaison_term (unit_id) where ended_at is null;
create index liaison_term_by_unit on liaison_term (unit_id, started_at);

-- The person who sees to a matter for a unit (承办人).
create table matter_keeper (
  matter_id text not null,
  unit_id bigint not null references unit (unit_id),
  user_id bigint not null references user_account (user_id),
  since_at bigint not null,
  primary key (matter_id, unit_id)
);
create index matter_keeper_by_user on matter_keeper (user_id, unit_id);

create table session (
  session_id {id},
  -- SHA-256 of the token, in hex
  token_hash text not null,
  user_id bigint not null references user_account (user_id),
  -- null: acts for no unit
  unit_id bigint references unit (unit_id),
  -- null: every role held there
  role text,
  created_at bigint not null,
  used_at bigint not null,
  ends_at bigint not null,
  address text not null,
  agent text not null
);
create unique index session_by_token on session (token_hash);
create index session_by_user on session (user_id, created_at);
create index session_by_end on session (ends_at);

create table api_token (
  api_token_id {id},
  -- SHA-256 of the token, in hex
  token_hash text not null,
  user_id bigint not null references user_account (user_id),
  unit_id bigint not null references unit (unit_id),
  name text not null,
  created_at bigint not null,
  ends_at bigint not null,
  -- null: never
  used_at bigint,
  -- null: still good
  revoked_at bigint
);
create unique index api_token_by_token on api_token (token_hash);
create index api_token_by_user on api_token (user_id, created_at);

-- Failed sign-ins by account and by address.
create table sign_in_guard (
  guard_key text not null,
  failures bigint not null,
  locks bigint not null,
  failed_at bigint not null,
  -- null: not locked
  locked_until bigint,
  primary key (guard_key)
);
create index sign_in_guard_by_time on sign_in_guard (failed_at);

create table setting (
  name text not null,
  value text not null,
  changed_at bigint not null,
  primary key (name)
);

-- Rows of a file shown as a preview and waiting to be confirmed.
create table import_draft (
  import_draft_id {id},
  user_id bigint not null references user_account (user_id),
  file_name text not null,
  -- JSON
  contents text not null,
  created_at bigint not null
);
create index import_draft_by_user on import_draft (user_id, created_at);

create table admin_event (
  admin_event_id {id},
  at bigint not null,
  -- null: the program itself, or nobody known
  user_id bigint,
  -- null: for no unit
  unit_id bigint,
  what text not null,
  target_kind text not null,
  target_id text not null,
  -- JSON
  detail text not null
);
create index admin_event_by_target on admin_event (target_kind, target_id, admin_event_id);
create index admin_event_by_user on admin_event (user_id, admin_event_id);
create index admin_event_by_what on admin_event (what, admin_event_id);
-- append-only admin_event
