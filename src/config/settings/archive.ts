import { path, wholeNumber } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const ARCHIVE = inGroup("Archive", {
  archiveDir: {
    env: "OTC_ARCHIVE_DIR",
    description:
      "Directory that keeps every document as OTC sent it, for `replay`; without it no document is kept. Each database needs its own.",
    type: path,
    example: "/var/lib/otc-etl/archive",
  },
  archiveKeep: {
    env: "OTC_ARCHIVE_KEEP",
    description: "How many of the newest documents per view the archive keeps; 0 keeps all.",
    type: wholeNumber(0, 1_000_000),
    default: "30",
  },
});
