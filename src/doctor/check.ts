/** The result of one check. `warning` does not prevent a load; `skipped` could not be checked, and the finding says why. */
export interface CheckResult {
  readonly name: string;
  readonly state: "ok" | "warning" | "failed" | "skipped";
  readonly finding: string;
  /** What to do about the finding. */
  readonly remedy?: string;
}

export function ok(name: string, finding: string): CheckResult {
  return { name, state: "ok", finding };
}

export function warning(name: string, finding: string, remedy: string): CheckResult {
  return { name, state: "warning", finding, remedy };
}

export function failed(name: string, finding: string, remedy: string | undefined): CheckResult {
  return { name, state: "failed", finding, ...(remedy === undefined ? {} : { remedy }) };
}

export function skipped(name: string, finding: string): CheckResult {
  return { name, state: "skipped", finding };
}
