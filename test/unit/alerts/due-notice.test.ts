import { expect, test } from "vitest";
import type { AlertState } from "../../../src/alerts/alert-state.ts";
import { dueNotice } from "../../../src/alerts/due-notice.ts";

const BEGIN = Date.parse("2026-11-23T02:00:00Z");

/** Looks at a condition every minute. @returns what was told, by minute */
function watch(
  looks: readonly { readonly broken: boolean; readonly delivered?: boolean }[],
): readonly string[] {
  let state: AlertState = {
    view: "tickets",
    condition: "failed",
    told: false,
    toldAt: null,
    brokenSince: null,
  };
  return looks.flatMap(({ broken, delivered = true }, minute) => {
    const { seen, due } = dueNotice(state, broken, new Date(BEGIN + minute * 60_000));
    state = due !== undefined && delivered ? due.told : seen;
    return due !== undefined && delivered ? [`${minute}: ${due.news}`] : [];
  });
}

const looks = (count: number, broken: boolean, delivered = true) =>
  Array.from({ length: count }, () => ({ broken, delivered }));

test("a problem is reported once, and its end once", () => {
  expect(watch([...looks(1, false), ...looks(500, true), ...looks(10, false)])).toEqual([
    "1: broken",
    "501: recovered",
  ]);
});

test("an alert that could not be sent stays due, and an end is not sent without its beginning", () => {
  expect(
    watch([...looks(3, true, false), ...looks(1, true), ...looks(2, false, false), ...looks(2, false)]),
  ).toEqual(["3: broken", "6: recovered"]);
  expect(watch([...looks(3, true, false), ...looks(3, false)])).toEqual([]);
});

test("a condition that comes and goes is reported at most once per hour", () => {
  const flapping = Array.from({ length: 180 }, (_, minute) => ({ broken: minute % 2 === 0 }));
  expect(watch(flapping)).toEqual([
    "0: broken",
    "1: recovered",
    "60: broken",
    "61: recovered",
    "120: broken",
    "121: recovered",
  ]);
});

test("the time of a problem is the time of its detection, even if it is reported later", () => {
  const state: AlertState = {
    view: "tickets",
    condition: "stale",
    told: false,
    toldAt: null,
    brokenSince: new Date(BEGIN),
  };
  const { due } = dueNotice(state, true, new Date(BEGIN + 60_000));
  expect(due?.told).toMatchObject({ brokenSince: new Date(BEGIN), toldAt: new Date(BEGIN + 60_000) });
});
