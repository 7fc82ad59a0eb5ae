import { ArgumentError } from '@forback/core';

/** @throws ArgumentError for anything but an initialiser, or none. */
export function checkInit(where: string, init: unknown): void {
  if (init === undefined || typeof init === 'function') return;
  throw new ArgumentError(
    `${where}: expected init to be an initialiser such as nn.initializers.heUniform, got ${String(init)}`,
  );
}
