import { type Backend, distributed, EMBEDDED, partitioned, POSTGRES } from "../src/database/backend.ts";

/** What each property of a profile means to an operator. */
const MEANINGS: Readonly<Record<Exclude<keyof Backend, "name" | "settings" | "toldSettings">, string>> = {
  separateSessions: "several processes can work with it at the same time",
  roles: "roles with different rights",
  jobs: "what pg-boss, which keeps the jobs of workers, takes it for",
  directFill: "a first load fills the table without staging",
  putsOffIndexes:
    "a first load that stages its rows writes them before it builds the indexes, if the role owns the table",
  freezesRows: "a first load freezes the rows, so that the next load need not mark them as committed",
  createsPartitions:
    "a load creates the partitions that its rows need, if `migrate --partition` has divided the table",
  mayRepeatKeys:
    "the database may lack a constraint that keeps keys unique, so that a load checks them itself",
  overratesLookups:
    "the planner counts the look-up of a key in each partition, so that a load tells it to use the index",
  hasTriggers: "triggers guard the fingerprints of rows and count what other sessions write",
  sumsRows:
    "a load finds what other sessions write meanwhile by sums over the rows, made on their servers, before it reads them again",
  cheapTables: "a load creates a table for each of its steps, instead of finding the rows again",
  notesRows: "a refused row is found by a sequence that notes it, and not only by halving",
  walCounters: "the record of a run says how much write-ahead log it took",
  distributedBy: "the rows are on several servers, by the value of a column",
};

/** docs/scaling.md shows what each kind of database or table can do. */
export function renderBackendMatrix(): string {
  const backends = [POSTGRES, partitioned(POSTGRES), distributed(POSTGRES, ""), EMBEDDED];
  const rows = Object.entries(MEANINGS).map(([property, meaning]) => [
    `${meaning} (\`${property}\`)`,
    ...backends.map((backend) => cell(backend[property as keyof typeof MEANINGS])),
  ]);
  return [
    ["what it can do", ...backends.map(({ name }) => name)],
    backends.map(() => "---").concat("---"),
    ...rows,
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function cell(value: boolean | string | undefined): string {
  if (typeof value === "string" && value !== "") return value;
  return value === undefined || value === false ? "no" : "yes";
}
