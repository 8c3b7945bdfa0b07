/** What a semicolon does not end: a comment, a text, a quoted name, a body between dollars. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|\b(?:begin\s+atomic|case|end)\b|;/gi;

/**
 * The statements of a script, in order. Citus sends each server the text that a change of a distributed table came in, so
 * that has to be one statement.
 *
 * @param sql statements of PostgreSQL that end with semicolons; a text with a backslash before its quote is not understood
 */
export function splitStatements(sql: string): readonly string[] {
  const statements: string[] = [];
  let start = 0;
  /** In how many bodies and cases of a function in standard SQL the token is. */
  let depth = 0;
  for (const { 0: token, index } of sql.matchAll(TOKEN)) {
    if (/^begin/i.test(token)) depth += 1;
    else if (depth > 0 && /^case$/i.test(token)) depth += 1;
    else if (depth > 0 && /^end$/i.test(token)) depth -= 1;
    else if (token === ";" && depth === 0) {
      statements.push(sql.slice(start, index + 1).trim());
      start = index + 1;
    }
  }
  const rest = sql.slice(start).trim();
  return rest === "" ? statements : [...statements, rest];
}
