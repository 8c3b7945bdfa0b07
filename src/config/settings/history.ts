import { names } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const HISTORY = inGroup("History", {
  historyColumns: {
    env: "OTC_HISTORY_COLUMNS",
    description:
      "Comma-separated columns whose changes are kept in `ticket_history`, `timesheet_history` and " +
      "`comment_history`. A view of which it names no column keeps the default; VIEW=none keeps no history of one " +
      "view, and none alone keeps none (default: TKT-Status, TKT-Team, TKT-Assigned To User, TKT-Severity, " +
      "TKT-Category, TS-Hours, TS-Billable, TS-Approved, comment_text).",
    type: names,
    example: "TKT-Status,TKT-Team,TS-Hours,TS-Billable,TS-Description,comments=none",
  },
});
