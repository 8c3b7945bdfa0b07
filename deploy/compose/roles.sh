#!/bin/sh
# Runs once, when the image of PostgreSQL creates the database: the roles of docs/operations.md, none of them a superuser.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=etl_password="$(cat /run/secrets/pg_password)" \
  --set=web_password="$(cat /run/secrets/web_pg_password)" <<'SQL'
create role otc_etl login password :'etl_password';
create role otc_web login password :'web_password';
create schema servicedesk authorization otc_etl;
create schema servicedesk_jobs authorization otc_etl;
grant usage on schema servicedesk to otc_web;
alter default privileges for role otc_etl in schema servicedesk grant select on tables to otc_web;
alter role otc_web set default_transaction_read_only = on;
grant pg_read_all_stats to otc_web;
SQL
