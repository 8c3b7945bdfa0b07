import { OtcError } from "../../errors/otc-error.ts";
import type { View } from "../../views/view.ts";
import type { ColumnMapping } from "./column-mapping.ts";
import { matchFields, namedField } from "./match-fields.ts";
import type { RecordFile, RecordMapping } from "../record-file.ts";
import { generatedKey, type KeyRule, keyFromDigits, numericKeyField } from "../keys/record-key.ts";

/**
 * Finds the view's fields among those of a file, and what gives its records their key.
 *
 * @param rule undefined when the file has keys
 * @throws OtcError `usage` as `matchFields`, and when the rule does not suit the view or the file
 */
export function mapRecords(
  view: View,
  file: Pick<RecordFile, "fields" | "fieldsAre">,
  mappings: readonly ColumnMapping[],
  rule: KeyRule | undefined,
): RecordMapping {
  if (rule === undefined) return { naming: matchFields(view, file, mappings), key: undefined };
  const field = numericKeyField(view);
  if (rule.kind === "digits") {
    const naming = matchFields(view, file, mappings);
    const column = file.fields.find((name) => naming(name)?.name === field) ?? field;
    return {
      // The text stays beside the number, under its own name.
      naming: (name) => (name === column ? undefined : naming(name)),
      key: keyFromDigits(field, column),
    };
  }
  const naming = matchFields(view, file, mappings, field);
  const own = file.fields.find((name) => naming(name)?.name === field);
  if (own !== undefined) {
    throw new OtcError("usage", `The file has the key ${field} in its column ${JSON.stringify(own)}.`, {
      remedy: "Omit --generate-key; if the column has numbers such as INC0010001, use --key-from-digits.",
    });
  }
  const columns = rule.columns.map((name) => namedField("--key-column", name, file.fields));
  return { naming, key: generatedKey(field, columns) };
}
