import type { Command } from "commander";

/** Where the status page is served. */
export interface ServeFlags {
  readonly host: string;
  readonly port: string;
}

/** Adds the options for the address of the status page. */
export function withServeOptions(command: Command): Command {
  return command
    .option(
      "--host <host>",
      "address of the status page; any but a loopback address requires OTC_WEB_TOKEN",
      "127.0.0.1",
    )
    .option("--port <port>", "port of the status page; 0 takes any free port", "8080");
}
