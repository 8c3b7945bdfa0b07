-- Tables that `migrate --partition` has divided into periods, and how a load gets the partition of a new period.
create table etl_partitions (
  view_name text primary key,
  table_name text not null,
  column_name text not null,
  period text not null check (period in ('month')),
  time_zone text not null,
  created_at timestamptz not null default now()
);

comment on table etl_partitions is
  'The tables of views that `otc-etl migrate` has partitioned. A load creates the partitions that its records need.';
comment on column etl_partitions.column_name is 'The column by whose time a row belongs to a partition.';
comment on column etl_partitions.period is 'How much time a partition covers.';
comment on column etl_partitions.time_zone is 'The time zone in which a period begins and ends.';

-- It runs as its owner: only the owner of a table can give it partitions, and a role that loads is another one. A partition
-- is attached instead of created in place, because that does not keep readers waiting.
create function create_partitions(divided_view text, needed timestamptz[]) returns text[] language plpgsql security definer
set timezone = 'UTC' set datestyle = 'ISO' as $function$
declare
  divided record;
  home text := (select nspname from pg_class join pg_namespace on pg_namespace.oid = relnamespace where pg_class.oid = 'etl_partitions'::regclass);
  parent regclass;
  begins timestamptz;
  ends timestamptz;
  base text;
  partition text;
  suffix integer;
  created text[] := '{}';
begin
  select * into divided from etl_partitions where view_name = divided_view;
  if not found then
    return created;
  end if;
  parent := format('%I.%I', home, divided.table_name)::regclass;
  for begins in
    select distinct date_trunc(divided.period, value, divided.time_zone) as value
    from unnest(needed) as value where isfinite(value) order by 1
  loop
    ends := (begins at time zone divided.time_zone + ('1 ' || divided.period)::interval) at time zone divided.time_zone;
    -- A default partition takes every row. What another program has created stays as it is.
    continue when exists (
      select from pg_inherits
      join pg_class on pg_class.oid = inhrelid
      cross join lateral (
        select regexp_match(
          pg_get_expr(relpartbound, pg_class.oid), $$^FOR VALUES FROM \((?:'(.+)'|MINVALUE)\) TO \((?:'(.+)'|MAXVALUE)\)$$
        ) as bounds
      ) as bound
      where inhparent = parent and (
        bounds is null
        or coalesce(bounds[1]::timestamptz, '-infinity') < ends and coalesce(bounds[2]::timestamptz, 'infinity') > begins
      )
    );
    base := divided.table_name || to_char(begins at time zone divided.time_zone, '_YYYY_MM');
    partition := base;
    suffix := 1;
    -- A partition that was detached still has the name.
    while to_regclass(format('%I.%I', home, partition)) is not null loop
      suffix := suffix + 1;
      partition := base || '_' || suffix;
    end loop;
    execute format(
      'create table %I.%I (like %s including defaults including constraints including storage including compression
       including generated)', home, partition, parent
    );
    execute format('alter table %s attach partition %I.%I for values from (%L) to (%L)', parent, home, partition, begins, ends);
    created := created || partition;
  end loop;
  return created;
end
$function$;

comment on function create_partitions(text, timestamptz[]) is
  'Creates the partitions of a view that rows of these times need and that do not exist. Returns the names of the new ones.';

do $block$
declare
  grantee text;
begin
  execute format(
    'alter function create_partitions(text, timestamptz[]) set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
  call restrict_execute('create_partitions(text, timestamptz[])', 'INSERT');
  -- Whoever records a run reads how its view is divided.
  for grantee in
    select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    from pg_class cross join lateral aclexplode(relacl) as acl
    where pg_class.oid = 'etl_metadata'::regclass and privilege_type in ('SELECT', 'INSERT') and acl.grantee <> relowner
  loop
    execute format('grant select on etl_partitions to %s', grantee);
  end loop;
end
$block$;
