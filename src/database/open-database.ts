import type { Database } from "./database.ts";
import type { EmbeddedSettings } from "./embedded/embedded-database.ts";
import type { PostgresSettings } from "./postgres/postgres-database.ts";

/** Which database to open, and how. */
export type DatabaseSettings =
  ({ readonly engine: "postgres" } & PostgresSettings) | ({ readonly engine: "embedded" } & EmbeddedSettings);

/**
 * Opens the configured database. An engine's driver is imported only when it is used.
 *
 * @param options.create whether to create an embedded database if there is none
 */
export async function openDatabase(
  settings: DatabaseSettings,
  { create }: { readonly create: boolean } = { create: false },
): Promise<Database> {
  switch (settings.engine) {
    case "postgres": {
      const { PostgresDatabase } = await import("./postgres/postgres-database.ts");
      return new PostgresDatabase(settings);
    }
    case "embedded": {
      const { EmbeddedDatabase } = await import("./embedded/embedded-database.ts");
      return EmbeddedDatabase.open(settings, create);
    }
    default:
      return settings satisfies never;
  }
}
