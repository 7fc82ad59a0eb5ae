import { expectTypeOf, test } from 'vitest';
import { type Key, key, split } from '.';

test('split gives as many keys as it is asked for', () => {
  expectTypeOf(split(key(0))).toEqualTypeOf<[Key, Key]>();
  expectTypeOf(split(key(0), 3)).toEqualTypeOf<[Key, Key, Key]>();
  expectTypeOf(split(key(0), 0)).toEqualTypeOf<[]>();
  expectTypeOf(split(key(0), Number('3'))).toEqualTypeOf<Key[]>();
  expectTypeOf(split(key(0), 1000)).toEqualTypeOf<Key[]>();
  // @ts-expect-error there is no third key
  const [, , third] = split(key(0));
  expectTypeOf(third).toBeUndefined();
});
