import * as v from "valibot";
import { DAY_MS, duration, text } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const SCHEDULE = inGroup("Schedule", {
  schedule: {
    env: "OTC_SCHEDULE",
    description: "When `worker` loads: a cron expression of five fields, or off.",
    type: text,
    default: "0 2 * * *",
  },
  scheduleTimezone: {
    env: "OTC_SCHEDULE_TIMEZONE",
    description: "IANA time zone of the schedules (default: OTC_TIMEZONE).",
    type: text,
    example: "Europe/Vienna",
  },
  stopGraceMs: {
    env: "OTC_STOP_GRACE",
    description: "How long a load may continue after `worker` was told to stop; then it is rolled back.",
    type: v.pipe(duration, v.maxValue(DAY_MS, "must be a day at most")),
    default: "20s",
  },
});
