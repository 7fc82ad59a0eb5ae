/** A key that an object in a JSON text has twice, of which `JSON.parse` would keep the last; null without one. */
export function duplicateKey(json: string): string | null {
  const open: (Set<string> | null)[] = [];
  let i = 0;
  while (i < json.length) {
    const c = json[i];
    if (c !== '"') {
      if (c === '{') open.push(new Set());
      else if (c === '[') open.push(null);
      else if (c === '}' || c === ']') open.pop();
      i++;
      continue;
    }
    const end = endOfString(json, i);
    const keys = open.at(-1);
    if (keys && isColonNext(json, end)) {
      const key = JSON.parse(json.slice(i, end)) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
    i = end;
  }
  return null;
}

function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}

function isColonNext(json: string, from: number): boolean {
  let i = from;
  while (' \t\n\r'.includes(json[i] ?? '?')) i++;
  return json[i] === ':';
}
