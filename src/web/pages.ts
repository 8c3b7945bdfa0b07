import { deskPage } from "./desk/desk-page.ts";
import { missingPage } from "./desk/missing-page.ts";
import { overlapsPage } from "./desk/overlaps-page.ts";
import type { Page } from "./page/page.ts";
import { rejectPage } from "./quarantine/reject-page.ts";
import { rejectsPage } from "./quarantine/rejects-page.ts";
import { runPage } from "./runs/run-page.ts";
import { runsPage } from "./runs/runs-page.ts";
import { statusPage } from "./status/status-page.ts";

/** Every page, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  statusPage,
  runsPage,
  runPage,
  rejectsPage,
  rejectPage,
  deskPage,
  missingPage,
  overlapsPage,
];
