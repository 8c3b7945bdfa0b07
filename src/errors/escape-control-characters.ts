/** C0, DEL, C1, and U+2028 and U+2029, which some log readers treat as the end of a line. */
// eslint-disable-next-line no-control-regex -- the expression looks for control characters
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Replaces control characters by escapes, so that the text stays one line and contains no commands to a terminal. */
export function escapeControlCharacters(text: string): string {
  return text.replaceAll(CONTROL_CHARACTERS, escapeOf);
}

function escapeOf(character: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  return short === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : short;
}
