import { html } from "hono/html";
import type { Html } from "./page.ts";

/** The sign for an unknown value. */
export const UNKNOWN = "–";

/** The rendered value, or the sign for an unknown one. */
export function orUnknown<T>(value: T | null, render: (value: T) => Html | string): Html | string {
  return value === null ? UNKNOWN : render(value);
}

/** Pairs of a name and a value. */
export function renderFacts(facts: readonly (readonly [name: string, value: Html | string])[]): Html {
  return html`<dl class="facts">
    ${facts.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** The pairs whose value is known. */
export function renderKnownFacts(facts: readonly (readonly [name: string, value: Html | string])[]): Html {
  return renderFacts(facts.filter(([, value]) => value !== UNKNOWN));
}
