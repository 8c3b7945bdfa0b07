-- Eighteen months of timesheets. They have no id: an entry is a user, a date, a start time and a ticket, and internal
-- time has neither start nor ticket. No foreign key: most tickets a timesheet names are older than the tickets' window.
create table timesheets (
  "TS-User Username" text not null,
  "TS-Date" timestamptz not null,
  "TS-Time From" text,
  "TS-Crm ID" bigint,
  "TS-User Full Name" text,
  "TS-Time To" text,
  "TS-Hours" numeric,
  "TS-Category" text,
  "TS-Sub Category" text,
  "TS-Type" text,
  "TS-Ticket Project Master Code" text,
  "TS-Description" text,
  "TS-Notes" text,
  "TS-Billable" boolean,
  "TS-Approved" boolean,
  "TS-Account Name" text,
  "TS-Account Selcom" text,
  "TS-Costcentre" text,
  "TS-Charge Code" text,
  "TS-Client Bill Code" text,
  "TS-Modified Time" timestamptz,
  -- Fields that the view does not define, as they came.
  extra jsonb,
  constraint timesheets_unique_entry unique nulls not distinct ("TS-User Username", "TS-Date", "TS-Time From", "TS-Crm ID")
);

create index timesheets_date on timesheets ("TS-Date");
create index timesheets_crm_id on timesheets ("TS-Crm ID");
