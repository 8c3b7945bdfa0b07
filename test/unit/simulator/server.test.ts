import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { simulatedDocument } from "../../../src/simulator/document.ts";
import { parseScale } from "../../../src/simulator/scale.ts";
import {
  startSimulator,
  type SimulatedRequest,
  type Simulator,
  type SimulatorOptions,
} from "../../../src/simulator/server.ts";

const scale = { tickets: 300, comments: 400, timesheets: 500 };
const huge = parseScale("production") ?? scale;
const running: Simulator[] = [];

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ scale, ...options });
  running.push(simulator);
  return simulator;
}

/** An answer whose body has not been read yet. */
async function open(url: string): Promise<IncomingMessage> {
  const [response] = (await once(request(url).end(), "response")) as [IncomingMessage];
  // Being cut off is what some of these tests are about.
  response.on("error", () => undefined);
  return response;
}

function expectedText(options: { day?: number; seed?: number; flaws?: number } = {}): string {
  const { day = 0, seed = 1, flaws = 0 } = options;
  return Buffer.concat([...simulatedDocument({ view: "tickets", seed, scale, day, flaws })]).toString();
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

describe("the simulator's responses", () => {
  it("are the view's document, chunked", async () => {
    const { url, port } = await start();
    expect(url).toBe(`http://127.0.0.1:${String(port)}/views`);
    const response = await fetch(`${url}?id=tickets`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(response.headers.get("content-length")).toBeNull();
    expect(await response.text()).toBe(expectedText());
    expect((await fetch(`http://127.0.0.1:${String(port)}/?id=comments`)).status).toBe(200);
  });

  it.each(["gzip", "br", "zstd"] as const)("are compressed as %s on request", async (encoding) => {
    const { url } = await start({ encoding });
    const response = await fetch(`${url}?id=tickets`);
    expect(response.headers.get("content-encoding")).toBe(encoding);
    expect(await response.text()).toBe(expectedText());
  });

  it("follow the seed, the flaws and the day", async () => {
    const simulator = await start({ seed: 5, flaws: 3, day: 2 });
    const answer = async () => (await fetch(`${simulator.url}?id=tickets`)).text();
    expect(await answer()).toBe(expectedText({ seed: 5, flaws: 3, day: 2 }));
    simulator.setDay(9);
    expect(await answer()).toBe(expectedText({ seed: 5, flaws: 3, day: 9 }));
    expect(() => {
      simulator.setDay(-1);
    }).toThrow(RangeError);
  });

  it("fail as configured, for the given views and until reconfigured", async () => {
    const simulator = await start();
    const answer = (view: string) => fetch(`${simulator.url}?id=${view}`);
    simulator.setFlaws(3);
    simulator.setTroubles({ comments: "unavailable", tickets: "cut-short" });
    expect((await answer("comments")).status).toBe(503);
    const whole = expectedText({ flaws: 3 });
    const part = await (await answer("tickets")).text();
    expect(part.length).toBeLessThan(whole.length);
    expect(part).toBe(whole.slice(0, part.length));
    expect((await answer("timesheets")).status).toBe(200);
    simulator.setTroubles({});
    expect((await answer("comments")).status).toBe(200);
    expect(await (await answer("tickets")).text()).toBe(whole);
  });

  it("accept other view ids and report each request to the caller", async () => {
    const seen: SimulatedRequest[] = [];
    const { url } = await start({
      viewIds: { tickets: "4711", comments: "4712", timesheets: "4713" },
      onRequest: (info) => seen.push(info),
    });
    expect((await fetch(`${url}?id=4711`)).status).toBe(200);
    expect((await fetch(`${url}?id=tickets`)).status).toBe(404);
    expect(seen).toEqual([
      { method: "GET", id: "4711", view: "tickets", status: 200, day: 0 },
      { method: "GET", id: "tickets", view: undefined, status: 404, day: 0 },
    ]);
  });

  it.each(["?id=invoices", "", "?id=", "/elsewhere?id=tickets"])(
    "are 404 with an error object for %j",
    async (rest) => {
      const { url } = await start();
      const response = await fetch(url + rest);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 404 } });
    },
  );

  it("are 405 for other methods", async () => {
    const { url } = await start();
    const response = await fetch(`${url}?id=tickets`, { method: "POST", body: "{}" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  });
});

describe("the simulator's credentials", () => {
  const credentials = { username: "etl", password: "pä:ss word" };
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

  it("give access to the views", async () => {
    const { url } = await start({ credentials });
    for (const authorization of [
      basic("etl:pä:ss word"),
      basic("etl:pä:ss word").replace("Basic", "basic"),
    ]) {
      expect((await fetch(`${url}?id=tickets`, { headers: { authorization } })).status).toBe(200);
    }
  });

  it.each([
    undefined,
    "",
    "Basic",
    basic("etl:"),
    basic("etl:pä:ss wor"),
    basic("ETL:pä:ss word"),
    "Bearer x",
  ])("are needed: %j is 401", async (authorization) => {
    const { url } = await start({ credentials });
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${url}?id=tickets`, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
  });
});

describe("the simulator's connections", () => {
  it("do not fill the memory while a reader is slow", async () => {
    const { url } = await start({ scale: huge });
    const response = await open(`${url}?id=timesheets`);
    const before = process.memoryUsage().rss;
    await delay(300);
    // The whole document has 500 MB, and 300 ms are enough for 30 of them.
    expect(response.socket.bytesRead).toBeLessThan(8e6);
    expect(process.memoryUsage().rss - before).toBeLessThan(50e6);
    response.destroy();
  });

  it.each(["identity", "zstd"] as const)("may break in the middle of a body (%s)", async (encoding) => {
    const { url } = await start({ scale: huge, encoding });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const response = await open(`${url}?id=timesheets`);
      await once(response, "data");
      response.destroy();
      await once(response, "close");
    }
    expect((await fetch(`${url}?id=nothing`)).status).toBe(404);
  });

  it("end with close(), even in the middle of a body, and when it is called twice", async () => {
    const simulator = await start({ scale: huge });
    const response = await open(`${simulator.url}?id=timesheets`);
    await once(response, "data");
    const ended = new Promise((resolve) => response.once("close", resolve));
    await simulator.close();
    response.resume();
    await ended;
    expect(response.complete).toBe(false);
    await simulator.close();
    await expect(fetch(`${simulator.url}?id=tickets`)).rejects.toThrow();
  });

  it("cannot start on a port that is in use or without a day", async () => {
    const { port } = await start();
    await expect(startSimulator({ scale, port })).rejects.toThrow("EADDRINUSE");
    await expect(startSimulator({ scale, day: -3 })).rejects.toThrow(RangeError);
  });
});
