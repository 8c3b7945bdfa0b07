/** Whether a switch is among the arguments, before they are parsed; what follows `--` is none. */
export function isSwitchGiven(argv: readonly string[], name: string): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes(name);
}
