import type { Environment } from "../../src/config/read-settings.ts";
import type { Loader } from "../../src/loader/loader.ts";
import type { View } from "../../src/views/view.ts";
import type { DatabaseUnderTest, Target } from "./each-database.ts";
import { type Fields, loadFromApi } from "./load-records.ts";

/** A database of the test's own, into which the records of a view have been loaded as if they came from the API. */
export async function loadedDatabase(
  target: Target,
  view: View,
  records: readonly Fields[],
  env: Environment = {},
): Promise<{ readonly database: DatabaseUnderTest; readonly loader: Loader }> {
  const database = await target.fresh();
  const loader = database.open(env);
  await loadFromApi(loader, view, records);
  return { database, loader };
}
