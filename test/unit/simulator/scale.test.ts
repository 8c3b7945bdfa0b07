import { describe, expect, it } from "vitest";
import { parseScale } from "../../../src/simulator/scale.ts";

describe("parseScale", () => {
  it.each([
    ["production", { tickets: 188_452, comments: 317_601, timesheets: 850_727 }],
    ["small", { tickets: 1885, comments: 3176, timesheets: 8507 }],
    ["10x", { tickets: 1_884_520, comments: 3_176_010, timesheets: 8_507_270 }],
    ["0.5x", { tickets: 94_226, comments: 158_801, timesheets: 425_364 }],
    ["188452", { tickets: 188_452, comments: 317_601, timesheets: 850_727 }],
    ["1000", { tickets: 1000, comments: 1685, timesheets: 4514 }],
    ["1", { tickets: 1, comments: 2, timesheets: 5 }],
    ["0.000001x", { tickets: 1, comments: 1, timesheets: 1 }],
    ["0", { tickets: 0, comments: 0, timesheets: 0 }],
    [" Small ", { tickets: 1885, comments: 3176, timesheets: 8507 }],
  ])("reads %j", (text, scale) => {
    expect(parseScale(text)).toEqual(scale);
  });

  it.each(["", "big", "-5", "1.5", "x", "1e3", "NaN", "100000001", "9999x"])("refuses %j", (text) => {
    expect(parseScale(text)).toBeUndefined();
  });
});
