import { format, resolveConfig } from "prettier";

/** A page as `prettier --check` wants it: it pads the tables. */
export async function formatPage(file: URL, content: string): Promise<string> {
  return format(content, { ...(await resolveConfig(file)), parser: "markdown" });
}
