-- A load reads the fingerprints of a table before it reads its document, and has to know afterwards whether another
-- session has written to the table meanwhile. Without a count of the statements that write, it has to read them again.

create function count_write() returns trigger language plpgsql
security definer set search_path = pg_catalog, pg_temp as $function$
begin
  perform nextval(format('%I.%I', tg_table_schema, tg_argv[0])::regclass);
  return null;
end
$function$;
comment on function count_write() is
  'Counts a statement that writes to the table of a view, in the sequence that the trigger names. It runs as its owner, because whoever may write to the table needs no right on the sequence.';
-- A trigger needs no such right to fire, only its creator does.
revoke execute on function count_write() from public;

create function counted_writes(counter regclass) returns bigint language sql volatile
security definer set search_path = pg_catalog, pg_temp
return coalesce(pg_sequence_last_value(counter), 0);
comment on function counted_writes(regclass) is
  'How many statements have written to the table whose writes a sequence counts, those of transactions that were rolled back included.';
call restrict_execute('counted_writes(regclass)', 'INSERT');

do $block$
declare
  name text;
begin
  foreach name in array array['tickets', 'comments', 'timesheets'] loop
    execute format('create sequence %I', 'etl_writes_' || name);
    execute format(
      'comment on sequence %I is %L', 'etl_writes_' || name,
      'Counts the statements that write to the table, also in transactions that are rolled back.'
    );
    execute format(
      'create or replace trigger etl_count_write before insert or update or delete or truncate on %I
       for each statement execute function count_write(%L)', name, 'etl_writes_' || name
    );
  end loop;
end
$block$;
