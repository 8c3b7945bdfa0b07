import { describe, expect, inject, onTestFinished, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { JobQueue } from "../../../src/worker/job-queue.ts";
import { type FaultyDatabase, faultyDatabase } from "../../support/database-fault.ts";
import { rightsOfLoader, roleOn } from "../../support/database-role.ts";

const [server] = inject("postgres").slice(-1);

async function queueOf(database: FaultyDatabase, env: Readonly<Record<string, string>> = {}) {
  const queue = new JobQueue(await database.open(env).database(), () => undefined);
  onTestFinished(() => queue.stop());
  return queue;
}

describe.skipIf(server === undefined)("the queue of the worker", () => {
  test("is set up by a role that may not create schemas, if the schema exists", async () => {
    const database = await faultyDatabase(server!.url, onTestFinished);
    const { env, name } = await roleOn(database, "", await rightsOfLoader());
    await expect((await queueOf(database, env)).start([tickets])).rejects.toMatchObject({
      code: "migration",
      message: expect.stringMatching(/schema servicedesk_jobs cannot be set up: .*permission denied/),
      remedy: expect.stringContaining("create schema servicedesk_jobs authorization"),
    });
    await database.sql(`create schema servicedesk_jobs authorization ${name}`);
    const queue = await queueOf(database, env);
    await queue.start([tickets]);
    expect(await queue.take(tickets, { ignoreBackOff: false })).toBeUndefined();
  });

  test("holds one load per view until it has ended, and reports when all its workers have died", async () => {
    const database = await faultyDatabase(server!.url, onTestFinished);
    const [first, second] = [await queueOf(database), await queueOf(database)];
    await Promise.all([first.start([tickets]), second.start([tickets])]);
    const [dueAt, later] = [new Date("2026-01-05T02:00:00Z"), new Date("2026-01-06T02:00:00Z")];
    await Promise.all([first.add(tickets, dueAt), second.add(tickets, dueAt), second.add(tickets, later)]);
    const taken = await Promise.all(
      [first, second].map((queue) => queue.take(tickets, { ignoreBackOff: false })),
    );
    const jobs = taken.filter((job) => job !== undefined);
    expect(jobs).toHaveLength(1);

    const again = await first.retryLater(jobs[0]!, { code: "document", reason: "odd: \0 \ud800" });
    expect(again!.getTime()).toBeGreaterThan(Date.now() + 20_000);
    expect(await second.take(tickets, { ignoreBackOff: false })).toBeUndefined();
    const job = await second.take(tickets, { ignoreBackOff: true });
    expect(job).toEqual({ ...jobs[0]!, retryCount: 1 });

    await database.sql(
      `update servicedesk_jobs.job set heartbeat_on = now() - interval '1 hour', retry_limit = 1`,
    );
    await first.supervise([tickets]);
    expect(await second.deadLetters()).toMatchObject([
      { view: "tickets", attempts: 2, reason: "The last worker that took the job died or was stopped." },
    ]);
    // It wakes up too late to have a say.
    await second.done(job!);
    expect(await second.stateOf(tickets, job!.dueAt)).toMatchObject({ state: "failed" });
  });
});
