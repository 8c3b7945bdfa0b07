import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withDotEnv } from "../../../src/config/dot-env.ts";
import { temporaryFolder } from "../../support/run-cli.ts";

async function read(content: string | Buffer, env = {}) {
  const folder = await temporaryFolder();
  await writeFile(join(folder, ".env"), content);
  return withDotEnv(env, folder);
}

describe("a .env", () => {
  test("gives what the environment does not have, an empty variable included", async () => {
    const { env, fromDotEnv } = await read("OTC_A=1\r\nexport OTC_B='x # y' # why\r\nOTC_C=3\r\n", {
      OTC_A: "",
    });
    expect(env).toEqual({ OTC_A: "", OTC_B: "x # y", OTC_C: "3" });
    expect([...fromDotEnv]).toEqual(["OTC_B", "OTC_C"]);
  });

  test.each([
    ["a comment", "# OTC_API_URL is the address\n#OTC_X: y"],
    ["a comment after a value", "OTC_A=1 # one"],
    ["a comment with a # after a value", "OTC_A=1 # as in a#1"],
    ["a value with a # in quotes", `OTC_A="a#b"`],
    ["a value of several lines", `OTC_A="-----BEGIN\nOTHER: x\n-----END"`],
    ["a line of another program", "PATTERN=a#b\nNOTE: x"],
    ["a quote within a value", "OTC_A=it's"],
    ["an empty value with a comment", "OTC_A= # later"],
  ])("may have %s", async (_, content) => {
    await expect(read(content)).resolves.toBeDefined();
  });

  test.each([
    [
      "a value that would end before its #",
      "\nOTC_API_PASSWORD=canary#1",
      "line 2, OTC_API_PASSWORD: its value would",
    ],
    [
      "a quote that is not closed",
      `OTC_API_PASSWORD="canary`,
      "line 1, OTC_API_PASSWORD: its quote is not closed",
    ],
    ["a name without =", "OTC_API_PASSWORD: canary", "line 1, OTC_API_PASSWORD, has no ="],
    [
      "UTF-16, as PowerShell writes it",
      Buffer.from("\uFEFFOTC_API_PASSWORD=canary", "utf16le"),
      "it is not UTF-8",
    ],
  ])("is refused with %s, without showing the value", async (_, content, problem) => {
    await expect(read(content)).rejects.toThrow(
      expect.objectContaining({
        code: "configuration",
        message: expect.stringMatching(new RegExp(`\\.env cannot be read: (?!.*canary).*${problem}`)),
        remedy: expect.stringMatching(
          /^(Put the whole value in quotes|Write OTC_API_PASSWORD=value|Save the file)/,
        ),
      }),
    );
  });
});
