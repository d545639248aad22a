-- How punctual units were, year by year, among the kept counters: `in-time/YEAR` and `late/YEAR`. From here
-- on they are written with each act; what happened before is counted once. Years begin in Asia/Shanghai.
create index unit_counter_by_name on unit_counter (name, unit_id);

insert into unit_counter (unit_id, name, number)
with civil_year as (
    select '2014' as year, 1388505600000000 as begins, 1420041600000000 as ends
    union all select '2015', 1420041600000000, 1451577600000000
    union all select '2016', 1451577600000000, 1483200000000000
    union all select '2017', 1483200000000000, 1514736000000000
    union all select '2018', 1514736000000000, 1546272000000000
    union all select '2019', 1546272000000000, 1577808000000000
    union all select '2020', 1577808000000000, 1609430400000000
    union all select '2021', 1609430400000000, 1640966400000000
    union all select '2022', 1640966400000000, 1672502400000000
    union all select '2023', 1672502400000000, 1704038400000000
    union all select '2024', 1704038400000000, 1735660800000000
    union all select '2025', 1735660800000000, 1767196800000000
    union all select '2026', 1767196800000000, 1798732800000000
    union all select '2027', 1798732800000000, 1830268800000000
    union all select '2028', 1830268800000000, 1861891200000000
    union all select '2029', 1861891200000000, 1893427200000000
    union all select '2030', 1893427200000000, 1924963200000000
)
select o.debtor_unit_id, 'late/' || y.year, count(*)
  from obligation o
  join civil_year y on o.lapsed_at >= y.begins and o.lapsed_at < y.ends
 where o.nature = 'obligation'
 group by o.debtor_unit_id, y.year
union all
select o.debtor_unit_id, 'in-time/' || y.year, count(*)
  from obligation o
  join civil_year y on o.met_at >= y.begins and o.met_at < y.ends
 where o.nature = 'obligation' and o.lapsed_at is null
 group by o.debtor_unit_id, y.year;
