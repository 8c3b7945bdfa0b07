import { duration, percentage } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const HEALTH = inGroup("Health", {
  maxAgeMs: {
    env: "OTC_MAX_AGE",
    description: "How old the last load of a view may be before its data counts as stale.",
    type: duration,
    default: "26h",
  },
  maxRollbackRate: {
    env: "OTC_MAX_ROLLBACK_RATE",
    description: "Largest share of a view's last 20 loads that may be rolled back.",
    type: percentage,
    default: "20%",
  },
});
