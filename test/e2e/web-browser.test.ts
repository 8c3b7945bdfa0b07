import { readFile } from "node:fs/promises";
import axe, { type Result, type RunOptions } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import comments from "../../src/views/definitions/comments.ts";
import { chromiumInstalled, startChromium } from "../support/browser.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { beginLoad } from "../support/load-records.ts";
import { startCli } from "../support/run-cli.ts";
import { comment, many } from "../support/sample-records.ts";
import { HOSTILE, loadSample } from "../support/served-sample.ts";

/** Every kind of page there is, the missing one included. */
const PATHS = [
  "/",
  "/runs",
  "/runs?view=timesheets&status=nonsense",
  "/runs?view=timesheets",
  "/runs/1",
  "/rejects",
  "/rejects/1",
  "/desk",
  "/desk/missing",
  "/nowhere",
];

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };

const LIGHT: BrowserContextOptions = { colorScheme: "light", viewport: DESKTOP };

/**
 * How each page is looked at, one after the other, and which rules of axe depend on it. All rules are checked in the first
 * look, which takes half a second.
 */
const LOOKS: readonly {
  readonly name: string;
  readonly colorScheme: "light" | "dark";
  readonly viewport: typeof DESKTOP;
  readonly rules?: readonly string[];
}[] = [
  { name: "light", colorScheme: "light", viewport: DESKTOP },
  { name: "dark", colorScheme: "dark", viewport: DESKTOP, rules: ["color-contrast"] },
  { name: "phone", colorScheme: "light", viewport: PHONE, rules: ["scrollable-region-focusable"] },
];

/** The built `otc-etl serve`, on the database of the test. */
async function serving(database: DatabaseUnderTest, env: Environment = {}): Promise<string> {
  const cli = await startCli(["serve", "--port", "0"], { env: { ...database.env, ...env } });
  const [, url = ""] = /(http:\S+)\/;/.exec(await cli.output(/Ctrl-C/)) ?? [];
  return url;
}

/** A page in a context of its own, and what went wrong in it: messages on the console, requests to others, alerts. */
async function newPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
): Promise<{ readonly page: Page; readonly troubles: string[] }> {
  const context = await browser.newContext({ baseURL: url, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("console", (message) => {
    // That a page was not found is the browser's way to say so.
    if (!/\/nowhere$|nonsense/.test(message.location().url)) troubles.push(message.text());
  });
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) troubles.push(`request: ${request.url()}`);
  });
  return { page, troubles };
}

/** What axe has to say about the page, by rule and place. A debugger's script is none of the page, so its policy holds. */
async function accessibilityProblems(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source);
  const options: RunOptions = {
    // The elements that pass are most of a page, and of what would be sent here.
    resultTypes: ["violations"],
    ...(rules === undefined ? {} : { runOnly: [...rules] }),
  };
  const violations = await page.evaluate<Result[]>(
    `axe.run(${JSON.stringify(options)}).then(({ violations }) => violations)`,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}

describe.skipIf(!chromiumInstalled() || inject("postgres").length === 0)("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser.close());

  describeEachDatabase(
    "the pages",
    (target) => {
      test("have no errors, contact no other host, execute nothing of the data, and are accessible", async () => {
        const database = await target.fresh();
        await loadSample(database.open());
        const url = await serving(database);
        const { page, troubles } = await newPage(browser, url, LIGHT);
        for (const path of PATHS) {
          await page.setViewportSize(DESKTOP);
          await page.goto(path);
          for (const { name: look, colorScheme, viewport, rules } of LOOKS) {
            await page.emulateMedia({ colorScheme });
            await page.setViewportSize(viewport);
            const [needed, given] = await page.evaluate<[number, number]>(
              "[document.documentElement.scrollWidth, innerWidth]",
            );
            expect(needed, `the width of ${path}, ${look}`).toBeLessThanOrEqual(given);
            expect(await accessibilityProblems(page, rules), `${look} ${path}`).toEqual([]);
          }
          expect(troubles, path).toEqual([]);
        }
        await page.goto("/rejects/1");
        expect(await page.textContent("pre")).toContain(JSON.stringify(`1 ${HOSTILE}`));
      });

      test("are complete without JavaScript, and usable by keyboard, after a token was given", async () => {
        const database = await target.fresh();
        await loadSample(database.open());
        const token = "token-of-the-test";
        const url = await serving(database, { OTC_WEB_TOKEN: token });
        const looked = await newPage(browser, url, LIGHT);
        await looked.page.goto("/");
        expect(await accessibilityProblems(looked.page)).toEqual([]);

        const { page } = await newPage(browser, url, { javaScriptEnabled: false });
        await page.goto("/");
        // Chromium focuses the field with the first frame that it draws.
        await page.locator("input:focus").waitFor();
        await page.keyboard.type(token);
        await page.keyboard.press("Enter");
        await page.waitForURL(`${url}/`);
        expect(await page.textContent("#views")).toMatch(/tickets\s+fresh/);
        await page.keyboard.press("Tab");
        await page.locator('[href="#main"]:focus').waitFor();
        await page.keyboard.press("Enter");
        await expect.poll(() => page.url()).toBe(`${url}/#main`);
        await page.goto("/rejects");
        await page.fill('[name="key"]', '"7 <img');
        await page.keyboard.press("Enter");
        await page.waitForURL(/key=/);
        expect(await page.textContent(".lead")).toMatch(/^\s*1 record that/);
      });

      test("name their marks to keyboard, pointer and finger, and lead to the runs", async () => {
        const database = await target.fresh();
        await loadSample(database.open());
        const url = await serving(database);
        const { page, troubles } = await newPage(browser, url, LIGHT);
        await page.goto("/");
        const tip = page.locator(".tip");
        const newest = page.locator("#views .nights a").first();
        await page.locator("#view-tickets a").focus();
        await page.keyboard.press("Tab");
        await newest.and(page.locator(":focus")).waitFor();
        expect(await tip.textContent()).toMatch(
          /^\d{4}-\d\d-\d\d \d\d:\d\d: partial, run 1, 60 rejected records/,
        );
        // The group is one stop of Tab, and the arrow keys move in it.
        await page.keyboard.press("Home");
        await page.locator("#views .nights span:focus").waitFor();
        expect(await tip.textContent()).toMatch(/: before the first load on record$/);
        await page.keyboard.press("Escape");
        expect(await tip.isHidden()).toBe(true);
        await page.keyboard.press("End");
        await page.keyboard.press("Enter");
        await page.waitForURL(`${url}/runs/1`);

        // A bar of a chart, and the table beside it.
        await page.goto("/runs?view=tickets");
        await page.locator("#records-tickets .pointed a").first().focus();
        expect(await tip.textContent()).toMatch(/, run 1, partial\s+inserted: 60/);
        const save = async (selector: string): Promise<string> => {
          const download = page.waitForEvent("download");
          await page.locator(selector).first().click();
          return readFile(await (await download).path(), "utf8");
        };
        expect((await save("caption a")).split("\r\n")[1]).toMatch(
          /^1,tickets,load,partial,.*,120,60,0,0,60,0,$/,
        );
        await page.goto("/");
        expect((await save("caption button")).split("\r\n")).toContainEqual(
          expect.stringMatching(/^1,tickets,load,partial,.*,120,60,0,0,60,0$/),
        );
        await page.goto("/runs/1");
        await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
        await page.getByRole("button", { name: "Copy otc-etl load" }).click();
        expect(await page.evaluate("navigator.clipboard.readText()")).toMatch(
          /^otc-etl load tickets --from /,
        );

        const phone = await newPage(browser, url, { viewport: PHONE, hasTouch: true });
        await phone.page.goto("/");
        await phone.page.locator("#views .nights a").first().tap();
        expect(await phone.page.textContent(".tip")).toContain("partial, run 1");
        await phone.page.locator("#views .nights a").first().tap();
        await phone.page.waitForURL(`${url}/runs/1`);
        expect([...troubles, ...phone.troubles]).toEqual([]);
      });

      test("show times beside UTC in the zone of the browser, and where a table goes on", async () => {
        const database = await target.fresh();
        await loadSample(database.open());
        const url = await serving(database);
        const shown = async (options: BrowserContextOptions): Promise<Record<string, unknown>> => {
          const { page, troubles } = await newPage(browser, url, options);
          await page.goto("/runs");
          const found = await page.evaluate<Record<string, unknown>>(`(() => {
            const time = document.querySelector("td time");
            const more = getComputedStyle(document.querySelector(".scroll"));
            return {
              utc: time.innerText,
              datetime: time.dateTime,
              local: time.dataset.local,
              footer: document.querySelector("footer").innerText,
              right: more.getPropertyValue("--more-right"),
              left: more.getPropertyValue("--more-left"),
            };
          })()`);
          expect(troubles).toEqual([]);
          return found;
        };
        const india = await shown({ viewport: PHONE, timezoneId: "Asia/Kolkata" });
        const there = new Date(Date.parse(String(india["datetime"])) + 5.5 * 3_600_000).toISOString();
        const isSameDay = there.slice(0, 10) === String(india["datetime"]).slice(0, 10);
        expect(india).toMatchObject({
          utc: String(india["datetime"]).slice(0, 19).replace("T", " "),
          local: `${isSameDay ? "" : `${there.slice(0, 10)} `}${there.slice(11, 16)} GMT+5:30`,
          footer: expect.stringContaining("beside them those of Asia/Calcutta"),
          right: "1",
          left: "0",
        });
        const wide = await shown({ viewport: { width: 1600, height: 900 }, timezoneId: "UTC" });
        expect(wide).toMatchObject({
          footer: expect.stringMatching(/all times are UTC$/),
          right: "0",
          left: "0",
        });
        expect(wide["local"]).toBeUndefined();
      });

      test("show the progress of a load without a reload", async () => {
        const database = await target.fresh();
        const held = await beginLoad(
          database.open(),
          comments,
          many(5000, (id) => comment(id)),
        );
        const { page, troubles } = await newPage(browser, await serving(database), LIGHT);
        await page.goto("/");
        await page.waitForSelector("text=Loading comments");
        held.finish();
        await held.outcome;
        await page.waitForSelector("text=No load is running.", { timeout: 15_000 });
        expect(troubles).toEqual([]);
      });
    },
    ({ name }) => name === "PostgreSQL 18",
  );
});
