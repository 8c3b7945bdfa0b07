import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** The custom properties of each colour scheme, as the style sheets set them. */
function palettes(): {
  readonly light: ReadonlyMap<string, string>;
  readonly dark: ReadonlyMap<string, string>;
} {
  const css = ["base.css", "charts.css"]
    .map((name) => readFileSync(new URL(`../../../src/web/assets/${name}`, import.meta.url), "utf8"))
    .join("\n");
  const dark = "@media (prefers-color-scheme: dark)";
  const blocks = (pattern: RegExp): ReadonlyMap<string, string> =>
    new Map(
      [...css.matchAll(pattern)].flatMap(([block]) =>
        [...block.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map(
          ([, name = "", value = ""]) => [name, value] as const,
        ),
      ),
    );
  return {
    light: blocks(/^:root \{[^}]*\}/gm),
    dark: blocks(new RegExp(`${dark.replaceAll(/[()]/g, "\\$&")} \\{\\s*:root \\{[^}]*\\}`, "g")),
  };
}

/** By WCAG 2: from 1 for the same colour to 21 for black on white. */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test.each(["light", "dark"] as const)(
  "the tones of charts are visible, and text on them is readable, in %s",
  (scheme) => {
    const palette = palettes()[scheme];
    const surface = palette.get("surface") ?? "";
    const tones = [...palette.keys()].filter((name) => name.startsWith("tone-"));
    expect(tones).toHaveLength(11);
    for (const tone of tones) {
      const colour = palette.get(tone) ?? "";
      expect(contrast(colour, surface), `${tone} on the surface`).toBeGreaterThanOrEqual(3);
      const written = palette.get(tone.replace("tone-", "on-"));
      if (written !== undefined) {
        expect(contrast(written, colour), `text on ${tone}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  },
);
