import { expect, test } from "vitest";
import { announce, type Notice } from "../../../src/alerts/announcement.ts";
import { slackMessage } from "../../../src/alerts/slack-message.ts";
import { teamsMessage } from "../../../src/alerts/teams-message.ts";
import { formatOf } from "../../../src/alerts/webhook.ts";

const FAILED: Notice = {
  view: "tickets",
  condition: "failed",
  news: "broken",
  problem: "the last run (17) failed: <!channel> & @here\n[click](https://evil.example)",
  remedy: "Check OTC_API_URL.",
  since: new Date("2026-11-23T02:04:05Z"),
};
const WELL: Notice = {
  ...FAILED,
  view: "comments",
  news: "recovered",
  problem: undefined,
  remedy: undefined,
};

test("a message names the problem, the remedy and where to look, and later its end", () => {
  expect(announce([WELL, FAILED], "etl1")).toEqual({
    title: "🔴 otc-etl: tickets (failed)",
    lines: [
      String.raw`tickets: the last run (17) failed: <!channel> & @here\n[click](https://evil.example)`,
      "→ Check OTC_API_URL.",
      "comments: the last load was committed again (failed since 2026-11-23 02:04 UTC).",
      "Sent by etl1. For details: otc-etl status",
    ],
  });
  const both = announce([WELL, { ...WELL, condition: "stale" }, { ...WELL, view: "tickets" }], "etl1");
  expect(both.title).toBe("🟢 otc-etl, recovered: comments (failed, stale), tickets (failed)");
  const long = announce([{ ...FAILED, problem: "x".repeat(100_000) }], "etl1");
  expect(JSON.stringify(long).length).toBeLessThan(1500);
});

test("for Slack, nothing in it is markup, and no user is notified", () => {
  const { text } = slackMessage(announce([FAILED], "etl1")) as { text: string };
  expect(text).toContain("&lt;!channel&gt; &amp; @\u200bhere");
});

test("for Teams, it is an Adaptive Card whose text is not Markdown", () => {
  const message = JSON.stringify(teamsMessage(announce([FAILED], "etl1")));
  expect(message).toMatch(
    /^\{"type":"message","attachments":\[\{"contentType":"application\/vnd\.microsoft\.card\.adaptive"/,
  );
  expect(message).toContain("[click](https://evil.example)");
  expect(message).not.toContain('"TextBlock"');
});

test.each([
  ["https://hooks.slack.com/services/T/B/x", "auto", "slack"],
  ["https://chat.example.com/hooks/x", "auto", "slack"],
  ["https://prod-1.westeurope.logic.azure.com:443/workflows/x", "auto", "teams"],
  ["https://x.environment.api.powerplatform.com/workflows/x", "auto", "teams"],
  ["https://contoso.webhook.office.com/webhookb2/x", "auto", "teams"],
  ["https://evil-logic.azure.com.example/x", "auto", "slack"],
  ["https://relay.example.com/x", "teams", "teams"],
] as const)("%s with OTC_ALERT_FORMAT=%s is sent messages for %s", (url, format, expected) => {
  expect(formatOf({ url: new URL(url), format })).toBe(expected);
});
