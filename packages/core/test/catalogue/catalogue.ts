import { test } from 'vitest';
import { forAll } from '../support/sampler';
import { callCases } from './call-cases';
import type { Case } from './case';
import { elementwiseCases } from './elementwise-cases';
import { indexingCases } from './indexing-cases';
import type { Law } from './laws';
import { matrixCases } from './matrix-cases';
import { movementCases } from './movement-cases';
import { productCases } from './product-cases';
import { reductionCases } from './reduction-cases';

/** Every primitive, with random operands and parameters. */
export const catalogue: readonly Case[] = [
  ...elementwiseCases,
  ...movementCases,
  ...reductionCases,
  ...productCases,
  ...indexingCases,
  ...matrixCases,
  ...callCases,
];

function nameOf({ name, primitives }: Case): string {
  return name ?? (primitives[0] as string);
}

/** One test for each case: the law holds for that many random instances. */
export function check(law: Law, subjects: readonly Case[], runs: number): void {
  test.each(subjects.map((subject) => [nameOf(subject), subject] as const))(
    '%s',
    (_name, subject) => {
      forAll(runs, (s) => law(subject, s));
    },
    60_000,
  );
}
