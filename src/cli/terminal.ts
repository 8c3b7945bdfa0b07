import type { WriteStream } from "node:tty";
import type { Environment } from "../config/read-settings.ts";

/** Whether to use colours: on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function useColours(stream: WriteStream, env: Environment): boolean {
  return stream.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}
