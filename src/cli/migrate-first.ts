import { migrate } from "../database/migrations.ts";
import type { Session } from "./session.ts";

/** Brings the tables up to date, for `--migrate`. */
export async function migrateFirst({ loader, log }: Session): Promise<void> {
  await migrate(await loader.database(), ({ version, name }) => {
    log.info({ version, migration: name }, "migration applied");
  });
}
