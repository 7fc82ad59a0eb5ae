const said = new Set<string>();

/** A warning that is given once, however often its cause comes up. */
export function warnOnce(message: string): void {
  if (said.has(message)) return;
  said.add(message);
  console.warn(message);
}
