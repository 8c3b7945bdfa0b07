import type { TestProject } from "vitest/node";

import { buildWhenStale } from "./build-when-stale.ts";
import { makeCitusTemplate, type ProvidedCitus, removeCitusTemplate } from "./citus.ts";
import { type EmbeddedTemplates, makeEmbeddedTemplates, makePostgresTemplate } from "./database-templates.ts";
import { POSTGRES_MAJORS, postgresInstallation, type PostgresMajor } from "./postgres-binaries.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

/** What a test gets of a running server from `inject("postgres")`: a plain value, because it crosses processes. */
export interface ProvidedPostgres {
  readonly major: PostgresMajor;
  /** Superuser; for a database of your own see `createTestDatabase`. */
  readonly url: string;
  /** Name of a migrated database to clone. */
  readonly template: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** One a major; empty where the binaries are not installed. */
    readonly postgres: readonly ProvidedPostgres[];
    readonly embedded: EmbeddedTemplates;
    /** Null unless `OTC_TEST_CITUS_URL` names a coordinator. */
    readonly citus: ProvidedCitus | null;
  }
}

/**
 * `globalSetup` of the integration and the e2e project: servers, and migrated databases for tests to copy. Vitest calls it
 * for each of them that has files to run; what the first call starts is provided to the root project, where the second
 * one finds it. In watch mode a changed migration asks for a new start.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (project.name === "e2e") buildWhenStale();

  const root = project.vitest.getRootProject();
  if ("postgres" in root.getProvidedContext()) return undefined;

  const installed = POSTGRES_MAJORS.filter((major) => {
    const installation = postgresInstallation(major);
    if (installation.native !== undefined) return true;
    process.stderr.write(
      `\n!!! PostgreSQL ${major} is NOT tested on ${process.platform}-${process.arch}: ${installation.reason}.\n\n`,
    );
    return false;
  });

  const servers: PostgresServer[] = [];
  const started = installed.map(async (major): Promise<ProvidedPostgres> => {
    const server = await startPostgres(major);
    servers.push(server);
    return { major, url: server.url, template: await makePostgresTemplate(major, server.url) };
  });
  const embedded = makeEmbeddedTemplates();
  const citus = makeCitusTemplate();
  await Promise.allSettled([...started, embedded, citus]);
  const destroyAll = async () => {
    await Promise.all(servers.map((server) => server.destroy()));
    await (await embedded).remove();
    const made = await citus;
    if (made !== undefined) await removeCitusTemplate(made);
  };
  try {
    const { empty, migrated } = await embedded;
    root.provide("embedded", { empty, migrated });
    root.provide("citus", (await citus) ?? null);
    root.provide("postgres", await Promise.all(started));
  } catch (error) {
    await destroyAll().catch(() => undefined);
    throw error;
  }
  return destroyAll;
}
