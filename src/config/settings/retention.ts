import { duration } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const RETENTION = inGroup("Retention", {
  keepRunsMs: {
    env: "OTC_KEEP_RUNS",
    description:
      "How long `worker` and `prune` keep records of runs; 0d keeps all. The last committed run of each view always stays.",
    type: duration,
    default: "400d",
  },
  keepRejectsMs: {
    env: "OTC_KEEP_REJECTS",
    description:
      "How long `worker` and `prune` keep records in quarantine after the last run that rejected them; 0d keeps all.",
    type: duration,
    default: "90d",
  },
});
