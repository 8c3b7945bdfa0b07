-- Three years of tickets. Columns carry the API's own field names: analysts' SQL depends on them.
-- "TKT-Team" is who is responsible, "TKT-Category" what kind of ticket it is.
create table tickets (
  "TKT-Ticket ID" bigint primary key,
  "TKT-Title" text,
  "TKT-Description" text,
  "TKT-Status" text,
  "TKT-Severity" text,
  "TKT-Category" text,
  "TKT-Team" text,
  "TKT-Platform" text,
  "TKT-Group" text,
  "TKT-Assigned To Userid" bigint,
  "TKT-Assigned To User" text,
  "TKT-Created By Userid" bigint,
  "TKT-Created By User" text,
  "TKT-Account Id" bigint,
  "TKT-Account Name" text,
  "TKT-Client Name" text,
  "TKT-Created Time" timestamptz,
  "TKT-Modified Time" timestamptz,
  "TKT-Actual Resolution Date" timestamptz,
  "TKT-Closure Date" timestamptz,
  "TKT-Due Date" timestamptz,
  "TKT-Actual Response Date" timestamptz,
  "TKT-SLA" text,
  "TKT-SLA Met" text,
  "TKT-Response Met" text,
  "TKT-Resolution Met" text,
  "TKT-SLA Clock Status" text,
  "TKT-Solution" text,
  "TKT-Root Cause Category" text,
  "TKT-Resolution/Change Type" text,
  "TKT-Ticket Source" text,
  -- Fields that the view does not define, as they came.
  extra jsonb
);

create index tickets_modified_time on tickets ("TKT-Modified Time");
create index tickets_team_status on tickets ("TKT-Team", "TKT-Status");
