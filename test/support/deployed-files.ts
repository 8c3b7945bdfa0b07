import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/** The path of a file that is shipped in `deploy/`. */
export function deployedFile(path: string): string {
  return fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export async function readAlerts(): Promise<readonly Alert[]> {
  const text = await readFile(deployedFile("prometheus/otc-etl.rules.yml"), "utf8");
  const { groups } = parse(text) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
}

export async function readDashboard(): Promise<Dashboard> {
  return JSON.parse(await readFile(deployedFile("grafana/otc-etl-dashboard.json"), "utf8")) as Dashboard;
}

/** All PromQL of a dashboard's panels. */
export function expressionsOf({ panels }: Dashboard): readonly string[] {
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}
