/**
 * Node's own modules; undefined in a browser. `process.getBuiltinModule` needs no import statement, so bundlers for the
 * web find nothing to resolve.
 */
export function nodeModules() {
  const { process } = globalThis;
  if (process?.getBuiltinModule === undefined) return undefined;
  return {
    fs: process.getBuiltinModule('node:fs/promises'),
    path: process.getBuiltinModule('node:path'),
    os: process.getBuiltinModule('node:os'),
  };
}

export type NodeModules = NonNullable<ReturnType<typeof nodeModules>>;
