import type { Announcement } from "./announcement.ts";

/** The three characters with a special meaning for Slack (https://docs.slack.dev/messaging/formatting-message-text). */
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * The body for an incoming webhook of Slack (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks),
 * which Mattermost and Rocket.Chat accept as well. A text mentions nobody: `<!channel>` is escaped, and the
 * `@channel` of Mattermost, which has no escape, gets a zero-width space.
 */
export function slackMessage({ title, lines }: Announcement): object {
  return { text: escaped([title, ...lines].join("\n")) };
}

function escaped(text: string): string {
  return text
    .replaceAll(/[&<>]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll("@", "@\u200b");
}
