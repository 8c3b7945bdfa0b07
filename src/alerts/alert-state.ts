import type { AlertCondition } from "../config/values/setting-types.ts";
import type { Transaction } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";

/** The alerts sent for one condition of one view. */
export interface AlertState {
  readonly view: string;
  readonly condition: AlertCondition;
  /** Whether the last alert said that the condition holds. */
  readonly told: boolean;
  /** When such an alert was last sent. */
  readonly toldAt: Date | null;
  /** Since when the condition has held, until the alert about its end is sent. */
  readonly brokenSince: Date | null;
}

function alertTable(schema: string): string {
  return qualifiedName(schema, "alert_state");
}

/** Reads the alerts sent, and locks them against other processes until the transaction ends. */
export async function lockAlerts(
  transaction: Transaction,
  views: readonly string[],
  conditions: readonly AlertCondition[],
): Promise<readonly AlertState[]> {
  const wanted = [views, conditions];
  await transaction.query(
    `insert into ${alertTable(transaction.schema)} (view_name, condition)
     select view_name, condition
     from unnest($1::text[]) as view_name
     cross join unnest($2::text[]) as condition
     order by view_name, condition
     on conflict do nothing`,
    wanted,
  );
  const { rows } = await transaction.query<AlertState>(
    `select view_name as "view", condition, told, told_at as "toldAt", broken_since as "brokenSince"
     from ${alertTable(transaction.schema)}
     where view_name = any($1::text[]) and condition = any($2::text[])
     order by view_name, condition
     for update`,
    wanted,
  );
  return rows;
}

export async function saveAlert(transaction: Transaction, state: AlertState): Promise<void> {
  await transaction.query(
    `update ${alertTable(transaction.schema)}
     set told = $3, told_at = $4, broken_since = $5
     where view_name = $1 and condition = $2`,
    [state.view, state.condition, state.told, state.toldAt, state.brokenSince],
  );
}
