import { expect, test } from "vitest";
import { CANARY, runCli, startCli } from "../support/run-cli.ts";

/** Nobody asks for a page, so nobody connects. */
const ELSEWHERE = { OTC_DATABASE_URL: "postgres://127.0.0.1:1/nothing" };

test("serve exits 0 when it is stopped, and 2 where it must not or cannot listen", async () => {
  const serving = await startCli(["serve", "--port", "0"], { env: ELSEWHERE });
  const [, port = ""] = /:(\d+)\//.exec(await serving.output(/Ctrl-C/)) ?? [];
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect(await runCli(["serve", "--port", port], { env: ELSEWHERE })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Give another --port"),
  });
  serving.process.kill("SIGTERM");
  expect(await serving.result).toMatchObject({ code: 0 });

  expect(await runCli(["serve", "--host", "0.0.0.0"], { env: ELSEWHERE })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Set OTC_WEB_TOKEN"),
  });
  const open = await startCli(["serve", "--host", "0.0.0.0", "--port", "0"], {
    env: { ...ELSEWHERE, OTC_WEB_TOKEN: CANARY.repeat(2) },
  });
  await open.output(/Ctrl-C/);
  open.process.kill("SIGINT");
  const { code, stdout, stderr } = await open.result;
  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain(CANARY);
});
