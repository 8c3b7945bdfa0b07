import type { TestProject } from "vitest/node";

import { buildWhenStale } from "./build-when-stale.ts";
import { installedPostgres, type PostgresMajor } from "./postgres-binaries.ts";
import { startPostgres } from "./postgres-server.ts";

/** What a test gets of a running server from `inject("postgres")`: a plain value, because it crosses processes. */
export interface ProvidedPostgres {
  readonly major: PostgresMajor;
  /** Superuser; for a database of your own see `createTestDatabase`. */
  readonly url: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** One a major; empty where the binaries are not installed. */
    readonly postgres: readonly ProvidedPostgres[];
  }
}

const MAJORS: readonly PostgresMajor[] = [15, 18];

/**
 * `globalSetup` of the integration and the e2e project. Vitest calls it for each of them that has files to run; what the
 * first call starts is provided to the root project, where the second one finds it.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (project.name === "e2e") buildWhenStale();

  const root = project.vitest.getRootProject();
  if ("postgres" in root.getProvidedContext()) return undefined;

  const installed = MAJORS.filter((major) => installedPostgres(major) !== undefined);
  for (const major of MAJORS) {
    if (installed.includes(major)) continue;
    process.stderr.write(
      `\n!!! PostgreSQL ${major} is NOT tested: the package postgres-${major} is not installed on ` +
        `${process.platform}-${process.arch} (it exists for linux-x64 only)\n\n`,
    );
  }

  const started = await Promise.allSettled(installed.map((major) => startPostgres(major)));
  const servers = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const destroyAll = async () => {
    await Promise.all(servers.map((server) => server.destroy()));
  };
  const failure = started.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) {
    await destroyAll();
    throw failure.reason;
  }

  root.provide(
    "postgres",
    servers.map(({ major, url }) => ({ major, url })),
  );
  return destroyAll;
}
