import { format, resolveConfig } from "prettier";

/** Formats a page for `prettier --check`, which pads the tables. */
export async function formatPage(file: URL, content: string): Promise<string> {
  return format(content, { ...(await resolveConfig(file)), parser: "markdown" });
}
