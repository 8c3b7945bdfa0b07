/** An argument as it can be typed in a shell: in quotes, unless it has only characters that no shell interprets. */
export function shellArgument(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
