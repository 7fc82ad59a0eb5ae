import type { BenchCase } from './case';
import { causalCases } from './causal';
import { convolutionCases } from './convolution';
import { elementwiseCases } from './elementwise';
import { feedbackCases } from './feedback';
import { gemmCases } from './gemm';
import { lossCases } from './loss';
import { overheadCases } from './overhead';
import { reinmaxCases } from './reinmax';
import { sparseCases } from './sparse';
import { trainCases } from './train';

/** Every case, in the order in which they run. */
export const allCases: readonly BenchCase[] = [
  ...gemmCases,
  ...elementwiseCases,
  ...lossCases,
  ...trainCases,
  ...convolutionCases,
  ...feedbackCases,
  ...overheadCases,
  ...reinmaxCases,
  ...sparseCases,
  ...causalCases,
];
