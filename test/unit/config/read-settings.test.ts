import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { OtcError } from "../../../src/errors/otc-error.ts";
import { describeSettings } from "../../../src/config/describe-settings.ts";
import { type Environment, readSettings, readViewId } from "../../../src/config/read-settings.ts";
import { flagOf, settingList } from "../../../src/config/settings.ts";

const folder = await mkdtemp(join(tmpdir(), "otc-settings-"));
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(content: string): Promise<string> {
  const path = join(folder, `secret-${Math.random()}`);
  await writeFile(path, content);
  return path;
}

function problemOf(env: Environment, flags: Environment = {}): OtcError {
  try {
    readSettings(env, flags);
  } catch (error) {
    expect(error).toBeInstanceOf(OtcError);
    return error as OtcError;
  }
  throw new Error("The settings were accepted.");
}

describe("settings", () => {
  it("have the documented defaults, and none for credentials and addresses", () => {
    expect(readSettings({})).toMatchObject({
      apiUrl: undefined,
      apiUsername: undefined,
      apiPassword: undefined,
      databaseUrl: undefined,
      pgHost: undefined,
      pgPort: undefined,
      pgDatabase: undefined,
      pgUser: undefined,
      pgPassword: undefined,
      pgSchema: "servicedesk",
      dataDir: ".otc-etl",
      timezone: "UTC",
      requestIntervalMs: 5000,
      viewGapMs: 30_000,
      requestsPerHour: 100,
      retries: 3,
      retryBaseMs: 10_000,
      timeoutMs: 120_000,
    });
  });

  it("are read from the environment, each with its type", () => {
    const settings = readSettings({
      OTC_API_URL: "https://otc.example.com/api?tenant=1",
      OTC_API_USERNAME: "etl",
      OTC_API_PASSWORD: "geheim",
      OTC_PG_PORT: "5433",
      OTC_RETRIES: "0",
      OTC_TIMEZONE: "Europe/Vienna",
    });
    expect(settings).toMatchObject({
      apiUsername: "etl",
      apiPassword: "geheim",
      pgPort: 5433,
      retries: 0,
      timezone: "Europe/Vienna",
    });
    expect(settings.apiUrl).toEqual(new URL("https://otc.example.com/api?tenant=1"));
  });

  it("given as a flag override the environment, valid or not", () => {
    const env = { OTC_RETRIES: "7", OTC_PG_HOST: "db.example.com" };
    expect(readSettings(env, { retries: "2" })).toMatchObject({ retries: 2, pgHost: "db.example.com" });
    expect(readSettings({ OTC_RETRIES: "many" }, { retries: "2" }).retries).toBe(2);
    expect(problemOf(env, { retries: "many" }).message).toBe(
      '--retries is "many", but must be a whole number from 0 to 100.',
    );
  });

  it("have flags with their names, all different", () => {
    const flags = settingList.map(flagOf);
    expect(new Set(flags).size).toBe(settingList.length);
    expect(flags).toContain("request-interval-ms");
    expect(flags).not.toContain("otc-api-url");
  });

  it("that are empty in the environment are not set, but an empty flag is wrong", () => {
    expect(readSettings({ OTC_RETRIES: "", OTC_API_URL: "", OTC_API_PASSWORD: "" })).toMatchObject({
      retries: 3,
      apiUrl: undefined,
      apiPassword: undefined,
    });
    expect(problemOf({}, { "pg-host": "" }).message).toBe('--pg-host is "", but must not be empty.');
  });

  it("that are lists have commas between their names, and `none` is the empty list", () => {
    const columnsOf = (text: string) => readSettings({ OTC_HISTORY_COLUMNS: text }).historyColumns;
    expect(columnsOf("TKT-Status, TKT-Team")).toEqual(["TKT-Status", "TKT-Team"]);
    expect(columnsOf("none")).toEqual([]);
    expect(readSettings({}).historyColumns).toBeUndefined();
    expect(problemOf({ OTC_HISTORY_COLUMNS: "TKT-Status,,TKT-Team" }).message).toContain("names with commas");
  });

  it("of another program are ignored", () => {
    expect(readSettings({ PGHOST: "x", RETRIES: "x", OTC_UNKNOWN: "x" })).toEqual(readSettings({}));
  });

  it.each(["-1", "1.5", "1e3", "0x10", " 5", "5 ", "five", "Infinity", "NaN", "101", "٣"])(
    "that count are whole numbers in their range, not %j",
    (text) => {
      const problem = problemOf({ OTC_RETRIES: text });
      expect(problem.code).toBe("configuration");
      expect(problem.message).toBe(
        `OTC_RETRIES is ${JSON.stringify(text)}, but must be a whole number from 0 to 100.`,
      );
    },
  );

  it.each(["nonsense", "otc.example.com/api", "ftp://otc.example.com", "file:///etc/passwd", "https://"])(
    "take no address of OTC that is not http or https: %s",
    (url) => {
      expect(problemOf({ OTC_API_URL: url }).message).toContain("must be an http or https URL");
    },
  );

  it("that are wrong are reported all at once, one per line", () => {
    const problem = problemOf({
      OTC_API_URL: "nonsense",
      OTC_PG_PORT: "0",
      OTC_TIMEOUT_MS: "0",
      OTC_DATABASE_URL: "mysql://host/db",
      OTC_API_PASSWORD: "a",
      OTC_API_PASSWORD_FILE: "b",
      OTC_PG_PASSWORD_FILE: join(folder, "absent"),
    });
    expect(problem.code).toBe("configuration");
    const lines = problem.message.split("\n");
    expect(lines).toHaveLength(6);
    for (const name of [
      "API_URL",
      "PG_PORT",
      "TIMEOUT_MS",
      "DATABASE_URL",
      "API_PASSWORD",
      "PG_PASSWORD_FILE",
    ]) {
      expect(
        lines.filter((line) => line.startsWith(`OTC_${name} `)),
        name,
      ).toHaveLength(1);
    }
  });
});

describe("a secret", () => {
  it("may come from a file, without the file's last line feed", async () => {
    for (const [content, secret] of [
      ["geheim", "geheim"],
      ["geheim\n", "geheim"],
      ["geheim\r\n", "geheim"],
      [" ge\nheim \n\n", " ge\nheim \n"],
    ] as const) {
      expect(readSettings({ OTC_API_PASSWORD_FILE: await fileWith(content) }).apiPassword).toBe(secret);
    }
    const url = "postgres://etl@db.example.com/servicedesk";
    expect(readSettings({ OTC_DATABASE_URL_FILE: await fileWith(`${url}\n`) }).databaseUrl).toBe(url);
  });

  it("may not come from both, but an empty one does not count", async () => {
    const file = await fileWith("geheim");
    const problem = problemOf({ OTC_PG_PASSWORD: "hidden-value", OTC_PG_PASSWORD_FILE: file });
    expect(problem.message).toBe("OTC_PG_PASSWORD and OTC_PG_PASSWORD_FILE are both set; use one of them.");
    expect(readSettings({ OTC_PG_PASSWORD: "", OTC_PG_PASSWORD_FILE: file }).pgPassword).toBe("geheim");
    expect(readSettings({ OTC_PG_PASSWORD: "geheim", OTC_PG_PASSWORD_FILE: "" }).pgPassword).toBe("geheim");
  });

  it("whose file is empty or cannot be read is a problem that names the variable", async () => {
    expect(problemOf({ OTC_API_PASSWORD_FILE: await fileWith("\n") }).message).toBe(
      "OTC_API_PASSWORD_FILE must not be empty.",
    );
    const path = join(folder, "absent");
    expect(problemOf({ OTC_API_PASSWORD_FILE: path }).message).toMatch(
      new RegExp(`^OTC_API_PASSWORD_FILE cannot be read: no such file.*${path}`),
    );
    expect(problemOf({ OTC_API_PASSWORD_FILE: folder }).message).toContain(
      "illegal operation on a directory",
    );
  });

  it("is the only kind of setting that can come from a file", async () => {
    expect(settingList.filter((setting) => setting.secret === true).map((setting) => setting.env)).toEqual([
      "OTC_API_PASSWORD",
      "OTC_API_TOKEN",
      "OTC_DATABASE_URL",
      "OTC_PG_PASSWORD",
      "OTC_WEB_TOKEN",
      "OTC_WEB_DATABASE_URL",
      "OTC_ALERT_WEBHOOK",
      "OTC_SMTP_URL",
    ]);
    expect(readSettings({ OTC_PG_HOST_FILE: await fileWith("db.example.com") }).pgHost).toBeUndefined();
  });

  it("is in no message, however wrong it is", async () => {
    const secrets = fc.stringMatching(/^[a-z0-9]{12,20}$/);
    const file = await fileWith("mysql://etl:s3cr3tvalue99@host/db");
    expect(problemOf({ OTC_DATABASE_URL_FILE: file }).message).not.toContain("s3cr3tvalue99");
    fc.assert(
      fc.property(secrets, (secret) => {
        const wrong = [
          { OTC_DATABASE_URL: secret },
          { OTC_DATABASE_URL: `mysql://etl:${secret}@host/db` },
          { OTC_DATABASE_URL: `postgres://etl:${secret}@host:port/db` },
          { OTC_API_URL: `https://etl:${secret}@otc.example.com/api` },
          { OTC_API_URL: `https://${secret}@otc.example.com` },
          { OTC_API_URL: `ftp://etl:${secret}@otc.example.com/api` },
          { OTC_API_URL: `https://etl:${secret}@/` },
        ];
        for (const env of wrong) {
          const { message, remedy = "", cause } = problemOf(env);
          expect(message + remedy + String(cause)).not.toContain(secret);
          expect(JSON.stringify(describeSettings(env, new Set(), {}, [])), JSON.stringify(env)).not.toContain(
            secret,
          );
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("a view's id", () => {
  it("comes from the flag, otherwise from the variable with the view's name", () => {
    expect(readViewId({ OTC_VIEW_TICKETS: "4711" }, {}, "tickets")).toBe("4711");
    expect(readViewId({ OTC_VIEW_TICKETS: "4711" }, { "view-id=tickets": "4713" }, "tickets")).toBe("4713");
    expect(readViewId({ OTC_VIEW_OPEN_ITEMS: "4712" }, {}, "open-items")).toBe("4712");
  });

  it.each([[{}], [{ OTC_VIEW_TICKETS: "" }], [{ OTC_VIEW_COMMENTS: "4711" }]])("must be set: %j", (env) => {
    expect(() => readViewId(env, {}, "tickets")).toThrow(
      expect.objectContaining({ code: "configuration", message: "OTC_VIEW_TICKETS is not set." }),
    );
  });
});
