-- Every comment ever served; the API serves those of the last ten days.
create table comments (
  comment_id bigint primary key,
  ticket_id bigint,
  comment_text text,
  user_id text,
  user_name text,
  owner_type text,
  created_time timestamptz,
  visible_to_customer boolean,
  comment_type text,
  team text,
  -- Fields that the view does not define, as they came.
  extra jsonb
);

create index comments_ticket_id on comments (ticket_id);
create index comments_created_time on comments (created_time);
