import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Environment } from "../config/read-settings.ts";
import { viewIdVariable } from "../config/settings.ts";
import type { LoadProgress } from "../load/load-context.ts";
import { loadDocuments } from "../loader/load-documents.ts";
import { Loader } from "../loader/loader.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import { SIMULATED_VIEWS } from "../simulator/document.ts";
import type { Scale } from "../simulator/scale.ts";
import { type Simulator, startSimulator } from "../simulator/server.ts";
import { viewCatalog } from "../views/catalog.ts";
import type { View } from "../views/view.ts";

/** Options of a simulated service desk. */
interface DemoDeskOptions {
  /** The directory of the embedded database. */
  readonly directory: string;
  readonly scale: Scale;
  /** An option of the simulator. */
  readonly flaws?: number;
  readonly newFieldSince?: number;
  readonly corrections?: boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** A simulated OTC, and a loader that loads it into an embedded database. */
export interface DemoDesk {
  readonly simulator: Simulator;
  readonly loader: Loader;
  readonly views: readonly View[];
  /** Loads what the simulator serves at the moment. */
  night(): Promise<readonly LoadOutcome[]>;
  close(): Promise<void>;
}

/** Opens a simulated service desk. The database is opened at its first use, and the caller must migrate it. */
export async function openDemoDesk(options: DemoDeskOptions): Promise<DemoDesk> {
  const { directory, log, signal, onProgress, ...desk } = options;
  const credentials = { username: "demo", password: randomBytes(16).toString("hex") };
  const simulator = await startSimulator({ ...desk, credentials });
  const env: Environment = {
    OTC_API_URL: simulator.url,
    OTC_API_USERNAME: credentials.username,
    OTC_API_PASSWORD: credentials.password,
    ...Object.fromEntries(SIMULATED_VIEWS.map((view) => [viewIdVariable(view), view])),
    OTC_DATA_DIR: directory,
    OTC_REQUEST_INTERVAL_MS: "0",
    OTC_VIEW_GAP_MS: "0",
    // A retry would not help: the simulator repeats the failure that was set.
    OTC_RETRIES: "0",
  };
  const loader = new Loader({ env, flags: {}, log });
  const views = (await viewCatalog()).filter((view) => SIMULATED_VIEWS.some((name) => name === view.name));
  return {
    simulator,
    loader,
    views,
    night: () =>
      loadDocuments(loader, {
        views,
        atomic: false,
        errorLimit: { kind: "default" },
        allowShrink: false,
        signal,
        onProgress,
        onOutcome: () => undefined,
      }),
    close: async () => {
      await loader.close();
      await simulator.close();
    },
  };
}
