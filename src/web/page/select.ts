import { html } from "hono/html";
import type { View } from "../../views/view.ts";
import type { Html } from "./page.ts";

/** A field of a form that offers choices. */
interface Select {
  readonly label: string;
  readonly name: string;
  readonly choices: readonly { readonly value: string; readonly text: string }[];
  readonly chosen: string | undefined;
  /** The text of the first choice, which chooses nothing; left out where something is always chosen. */
  readonly none?: string;
}

/** A choice that the form does not offer is kept, so that a form with a fault shows it. */
export function renderSelect({ label, name, choices, chosen, none }: Select): Html {
  const isOffered = chosen === undefined || choices.some(({ value }) => value === chosen);
  return html`<label
    >${label}
    <select name="${name}">
      ${none === undefined ? "" : html`<option value="">${none}</option>`}
      ${isOffered ? "" : html`<option value="${chosen}" selected>${chosen}</option>`}
      ${choices.map(
        ({ value, text }) =>
          html`<option value="${value}" ${value === chosen ? "selected" : ""}>${text}</option>`,
      )}
    </select>
  </label>`;
}

/** The field that chooses one view, or all. */
export function renderViewSelect(views: readonly View[], chosen: string | undefined): Html {
  const choices = sameTexts(views.map(({ name }) => name));
  return renderSelect({ label: "View", name: "view", none: "all views", choices, chosen });
}

/** Choices that are named by their values. */
export function sameTexts(values: readonly string[]): Select["choices"] {
  return values.map((value) => ({ value, text: value }));
}
