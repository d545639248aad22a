-- Lists read in their own order: each index holds its list's whole order, so that a page costs a page
-- however many rows fall due on one day. The old ones go first, lest a question below be led by them
-- through everything a unit has.
drop index matter_by_opener;
drop index matter_party_by_turn;
drop index matter_by_approver;
drop index obligation_open_by_debtor;
drop index obligation_open_by_creditor;

-- Who follows what becomes of the matter (跟踪): whoever sent it, while somebody else holds the pen.
-- null: it is over, or its sender holds the pen
alter table matter add column tracker_unit_id bigint;
update matter set tracker_unit_id = opener_unit_id
 where ended = 0
   and not exists (select 1 from matter_party p
                    where p.matter_id = matter.matter_id and p.unit_id = matter.opener_unit_id
                      and p.turn > 0);
create index matter_by_tracker on matter (tracker_unit_id, changed_at, matter_id)
    where tracker_unit_id is not null;
delete from unit_counter where name = 'tracking';
insert into unit_counter (unit_id, name, number)
select tracker_unit_id, 'tracking', count(*) from matter
 where tracker_unit_id is not null
 group by tracker_unit_id;

-- End of the open obligation the unit itself owes that ends first; 9223372036854775807: it owes none.
alter table matter_party add column due_at bigint not null default 9223372036854775807;
update matter_party
   set due_at = (select min(o.due_at) from obligation o
                  where o.matter_id = matter_party.matter_id
                    and o.debtor_unit_id = matter_party.unit_id and o.is_open = 1
                    and o.nature = 'obligation' and o.suspended_on is null)
 where exists (select 1 from obligation o
                where o.matter_id = matter_party.matter_id
                  and o.debtor_unit_id = matter_party.unit_id and o.is_open = 1
                  and o.nature = 'obligation' and o.suspended_on is null);
create index matter_party_by_turn on matter_party (unit_id, due_at, matter_id) where turn > 0;
create index matter_party_to_acknowledge on matter_party (unit_id, due_at, matter_id) where turn = 2;

create index matter_by_approver on matter (approver_unit_id, changed_at, matter_id)
    where approver_unit_id is not null;
create index obligation_open_by_debtor on obligation (debtor_unit_id, due_at, matter_id, number)
    where is_open = 1;
create index obligation_open_by_creditor on obligation (creditor_unit_id, due_at, matter_id, number)
    where is_open = 1;

-- only sqlite
-- Long rows kept in the order of the key spill over into pages of their own, and each new event splits
-- the pages of others. In the order of writing an act touches about a third fewer pages.
create table event_as_written (
    matter_id text not null,
    number integer not null,
    at bigint not null,
    user_id bigint,
    unit_id bigint,
    what text not null,
    body text not null,
    primary key (matter_id, number)
);
insert into event_as_written
select matter_id, number, at, user_id, unit_id, what, body from event order by matter_id, number;
drop table event;
alter table event_as_written rename to event;
-- append-only event
create table body_as_written (
    root_id text not null,
    matter_id text not null,
    body text not null,
    provenance text not null,
    primary key (root_id, matter_id)
);
insert into body_as_written
select root_id, matter_id, body, provenance from matter_body order by root_id, matter_id;
drop table matter_body;
alter table body_as_written rename to matter_body;
-- end only
