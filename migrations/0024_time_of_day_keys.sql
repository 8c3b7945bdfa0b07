-- A start time is one key in each of its spellings: 9:00, 09:00 and 09:00:00 are stored as 09:00. Earlier loads inserted
-- such an entry once for each spelling. The newest row of each stays; the others move to timesheets_duplicates.
do $block$
declare
  -- As views/values/time-of-day.ts decides it. Of an adopted table the column may have another type than text.
  start constant text := '"TS-Time From"::text';
  spelled constant text := format(
    $sql$case when %1$s ~ '^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.]0+)?)?$'
      then regexp_replace(regexp_replace(split_part(%1$s, '.', 1), '^(.):', '0\1:'), '^(.{5}):00$', '\1')
      else %1$s end$sql$, start);
  key constant text := format('"TS-User Username", "TS-Date", %s, "TS-Crm ID"', spelled);
  is_text boolean;
  is_doubled boolean;
  definitions text;
  names text;
  unfit text;
begin
  select format_type(atttypid, null) in ('text', 'character varying', 'character', 'bpchar') into is_text
  from pg_attribute
  where attrelid = 'timesheets'::regclass and attname = 'TS-Time From' and not attisdropped;
  -- A column of a type such as time has one spelling for each value.
  if not is_text then
    return;
  end if;

  execute format('select exists (select from timesheets group by %s having count(*) > 1)', key) into is_doubled;
  if is_doubled then
    select
      string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum),
      string_agg(quote_ident(attname), ', ' order by attnum)
    into definitions, names
    from pg_attribute
    where attrelid = 'timesheets'::regclass and attnum > 0 and not attisdropped and attname <> 'etl_fingerprint';
    execute format('create table if not exists timesheets_duplicates (%s, etl_reason text not null)', definitions);

    -- It may be left from an adoption.
    select string_agg(quote_ident(attname), ', ' order by attnum) into unfit
    from pg_attribute own
    where attrelid = 'timesheets'::regclass and attnum > 0 and not attisdropped and attname <> 'etl_fingerprint'
      and not exists (
        select from pg_attribute other
        where other.attrelid = 'timesheets_duplicates'::regclass and not other.attisdropped
          and other.attname = own.attname and other.atttypid = own.atttypid
      );
    if unfit is not null then
      raise exception using
        message = format('timesheets_duplicates exists already, but lacks %s, or has other types there: rows cannot be moved there.', unfit),
        hint = 'Rename that table, and migrate again.';
    end if;

    execute format(
      'with judged as (
         select tableoid as part, ctid as place,
           row_number() over (partition by %1$s order by "TS-Modified Time" desc nulls last, ctid desc) as rank
         from timesheets
       ),
       moved as (
         delete from timesheets t using judged
         where judged.rank > 1 and t.tableoid = judged.part and t.ctid = judged.place
         returning t.*
       )
       insert into timesheets_duplicates (%2$s, etl_reason) select %2$s, ''duplicate'' from moved', key, names);
  end if;

  execute format('update timesheets set "TS-Time From" = %1$s where "TS-Time From"::text is distinct from %1$s', spelled);
end
$block$;

comment on column timesheets."TS-Time From" is
  'HH:MM, or HH:MM:SS with seconds, however OTC spells it. Null for internal time of a whole day.';
