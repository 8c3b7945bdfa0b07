import { RUN_KINDS, type RunKind } from "../../runs/run-kind.ts";
import { RUN_ORDERS, type RunChoice, type RunOrder } from "../../runs/queries/read-runs.ts";
import { SHOWN_STATUSES, type ShownStatus } from "../../runs/health/shown-status.ts";
import type { PageRequest } from "../page/page.ts";
import { anyText, fieldOf, idText } from "../page/query.ts";

/** The parameters that choose runs, on the page and for programs. */
export const RUN_PARAMETERS = {
  view: anyText,
  status: anyText,
  kind: anyText,
  from: anyText,
  to: anyText,
  sort: anyText,
  page: idText,
};

/** The largest page; those before it are counted through. */
const LAST_PAGE = 1000;

const DAY_MS = 86_400_000;

/** The runs that a query chooses. */
export interface ChosenRuns {
  /** The fields of the form, for links to other pages of the same runs. */
  readonly fields: Readonly<Record<Exclude<keyof typeof RUN_PARAMETERS, "page">, string | undefined>>;
  /** From 1. */
  readonly page: number;
  /** Without `skip`, which depends on the length of a page. */
  readonly choice: RunChoice;
  /** Why the query chooses nothing, one sentence per field that cannot be used. */
  readonly problems: readonly string[];
}

/** Reads the parameters; a value that does not exist is a problem, and not a choice without runs. */
export function chosenRunsOf(request: Pick<PageRequest, "query" | "views">): ChosenRuns {
  const field = (name: keyof typeof RUN_PARAMETERS): string | undefined => fieldOf(request, name);
  const fields = {
    view: field("view"),
    status: field("status"),
    kind: field("kind"),
    from: field("from"),
    to: field("to"),
    sort: field("sort"),
  };
  const problems: string[] = [];
  const oneOf = <T extends string>(
    what: string,
    text: string | undefined,
    all: readonly T[],
  ): T | undefined => {
    const found = all.find((one) => one === text);
    if (text !== undefined && found === undefined)
      problems.push(`There is no ${what} "${text}". Choose one of ${all.join(", ")}.`);
    return found;
  };
  const dayOf = (name: string, text: string | undefined): Date | undefined => {
    if (text === undefined) return undefined;
    const day = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : Number.NaN);
    if (!Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)) return day;
    problems.push(`"${text}" is no day for ${name}. Write it as 2026-11-30.`);
    return undefined;
  };
  const view = oneOf(
    "view",
    fields.view,
    request.views.map(({ name }) => name),
  );
  const status = oneOf<ShownStatus>("status", fields.status, SHOWN_STATUSES);
  const kind = oneOf<RunKind>("kind", fields.kind, RUN_KINDS);
  const order = oneOf<RunOrder>("order", fields.sort, RUN_ORDERS);
  const from = dayOf("from", fields.from);
  const to = dayOf("to", fields.to);
  return {
    fields,
    page: Math.max(1, Math.min(LAST_PAGE, Number(field("page") ?? 1))),
    problems,
    choice: {
      ...(view === undefined ? {} : { view }),
      ...(status === undefined ? {} : { status }),
      ...(kind === undefined ? {} : { kind }),
      ...(order === undefined ? {} : { order }),
      ...(from === undefined ? {} : { from }),
      // The last day is chosen, too.
      ...(to === undefined ? {} : { until: new Date(to.getTime() + DAY_MS) }),
    },
  };
}
