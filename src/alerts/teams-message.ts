import type { Announcement } from "./announcement.ts";

/**
 * The body for a webhook of Teams Workflows, which accepts only an Adaptive Card
 * (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using). A TextRun, unlike
 * a TextBlock, is not Markdown (https://adaptivecards.io/explorer/TextRun.html), so no text becomes a link. No text becomes
 * a mention either, because that needs an entity beside the text.
 */
export function teamsMessage({ title, lines }: Announcement): object {
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.2",
          // For a client that does not show cards of this version.
          fallbackText: title,
          msteams: { width: "Full" },
          body: [paragraph(title, { weight: "Bolder" }), ...lines.map((line) => paragraph(line))],
        },
      },
    ],
  };
}

function paragraph(text: string, style: Readonly<Record<string, string>> = {}): object {
  return { type: "RichTextBlock", inlines: [{ type: "TextRun", text, ...style }] };
}
