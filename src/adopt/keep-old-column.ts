import type { Transaction } from "../database/database.ts";
import { qualifiedName, quoteIdentifier, quoteLiteral } from "../database/identifier.ts";
import type { ColumnShape } from "./table-shape.ts";

/** The name of an old column that is kept. */
export function oldNameOf(name: string): string {
  return `${name} (old)`;
}

/**
 * Renames a column, and adds an empty column of another type under its name. Database views refer to columns by number, so
 * they still use the old one. The old column loses its default, which would look like a value of the row.
 */
export async function renameOldColumn(
  transaction: Transaction,
  table: string,
  old: ColumnShape,
  model: ColumnShape,
): Promise<void> {
  const [name, oldName] = [quoteIdentifier(old.name), quoteIdentifier(oldNameOf(old.name))];
  await transaction.query(`alter table ${table} rename column ${name} to ${oldName}`);
  const clauses = [
    ...(old.identity === null ? [] : [`alter column ${oldName} drop identity`]),
    ...(old.default === null || old.generated ? [] : [`alter column ${oldName} drop default`]),
    `add column ${name} ${model.type}`,
  ];
  await transaction.query(`alter table ${table} ${clauses.join(", ")}`);
  if (model.default === null) return;
  await transaction.query(`alter table ${table} alter column ${name} set default ${model.default}`);
}

/**
 * Keeps the old column up to date, by triggers on writes to the new one. The triggers depend on both columns, so dropping
 * the old column with `cascade` drops them, too.
 *
 * @param oldValue of `new."…"`, as PL/pgSQL may assign it to the old column
 * @param reason why the old column is kept
 */
export async function keepOldColumn(
  transaction: Transaction,
  table: string,
  name: string,
  oldValue: string,
  reason: string,
): Promise<void> {
  const [column, old] = [quoteIdentifier(name), quoteIdentifier(oldNameOf(name))];
  const trigger = `etl_keeps ${name}`;
  const { rows } = await transaction.query<{ relation: string }>(
    "select relname as relation from pg_class where oid = $1::text::regclass",
    [table],
  );
  const keep = qualifiedName(transaction.schema, `etl_keeps ${rows[0]?.relation ?? ""}.${name}`);
  await transaction.script(`
    create function ${keep}() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $keep$
    begin
      new.${old} := ${oldValue};
      return new;
    end
    $keep$;
    revoke execute on function ${keep}() from public;
    comment on column ${table}.${old} is ${quoteLiteral(`${column} as it was before the adoption: ${reason}. Triggers keep it up to date.`)};
    create trigger ${quoteIdentifier(`${trigger}, insert`)} before insert on ${table} for each row
    when (new.${column} is not null and new.${old} is null) execute function ${keep}();
    create trigger ${quoteIdentifier(`${trigger}, update`)} before update on ${table} for each row
    when (new.${column} is distinct from old.${column} and new.${old} is not distinct from old.${old})
    execute function ${keep}();
  `);
}
