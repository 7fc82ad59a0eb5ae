import { ArgumentError, NDArray, random } from '@forback/core';
import { checkCount } from './check';
import type { DirectionOptions, EstimatorName, MethodName, NoiseName, RuleName } from './options';

/** Options with every default filled in. */
export interface Settings {
  readonly method: MethodName;
  readonly estimator: EstimatorName;
  readonly noise: NoiseName;
  readonly rule: RuleName;
  readonly standardise: boolean;
  readonly knots: number | undefined;
  readonly degree: number;
  readonly hidden: number;
  readonly optimiser: 'adam' | 'lbfgs';
  readonly steps: number;
  readonly reference: 'gaussian' | 'uniform';
  readonly independenceTest: 'gamma' | 'permutation' | 'none';
  readonly permutations: number;
  readonly alpha: number;
  readonly minConfidence: number;
  readonly maxN: number;
  readonly key: random.Key;
}

const choices = {
  method: ['loci', 'anm', 'roche', 'reci', 'igci', 'marginal'],
  estimator: ['spline', 'polynomial', 'nn', 'ifgls'],
  noise: ['location-scale', 'homoscedastic', 'student-t'],
  rule: ['likelihood', 'hsic'],
  reference: ['gaussian', 'uniform'],
  independenceTest: ['gamma', 'permutation', 'none'],
} as const;

/** Checks options and fills in defaults. @throws ArgumentError that names the option. */
export function resolveSettings(where: string, options: DirectionOptions): Settings {
  for (const [name, allowed] of Object.entries(choices)) {
    checkChoice(where, name, allowed, options[name as keyof typeof choices]);
  }
  checkChoice(where, 'neural.optimiser', ['adam', 'lbfgs'], options.neural?.optimiser);
  const { method = 'loci' } = options;
  refuseUnused(where, method, options);
  const {
    estimator = method === 'roche' ? 'nn' : 'spline',
    noise = method === 'roche' ? 'student-t' : method === 'anm' ? 'homoscedastic' : 'location-scale',
    rule = 'hsic',
    independenceTest = 'gamma',
  } = options;
  if (estimator === 'ifgls' && noise !== 'location-scale') {
    throw new ArgumentError(`${where}: expected noise to be location-scale with the estimator ifgls, got ${noise}`);
  }
  if (independenceTest === 'none' && rule === 'hsic' && hasRule(method)) {
    throw new ArgumentError(`${where}: independenceTest 'none' needs the rule 'likelihood', got 'hsic', which is HSIC`);
  }
  const { optimiser = 'lbfgs' } = options.neural ?? {};
  const settings: Settings = {
    method,
    estimator,
    noise,
    rule: method === 'reci' ? 'likelihood' : rule,
    standardise: options.standardise ?? true,
    knots: options.features?.knots,
    degree: options.features?.degree ?? (method === 'reci' ? 3 : 5),
    hidden: options.neural?.hidden ?? 100,
    optimiser,
    steps: options.neural?.steps ?? (optimiser === 'adam' ? 5000 : 1000),
    reference: options.reference ?? 'gaussian',
    independenceTest,
    permutations: options.permutations ?? 200,
    alpha: options.alpha ?? 0.05,
    minConfidence: options.minConfidence ?? 0,
    maxN: options.maxN ?? Infinity,
    key: readKey(where, options.key ?? 0),
  };
  if (settings.knots !== undefined) checkCount(where, 'features.knots', settings.knots, 2);
  checkCount(where, 'features.degree', settings.degree, 1);
  checkCount(where, 'neural.hidden', settings.hidden, 1);
  checkCount(where, 'neural.steps', settings.steps, 1);
  checkCount(where, 'permutations', settings.permutations, 1);
  if (settings.maxN !== Infinity) checkCount(where, 'maxN', settings.maxN, 1);
  checkShare(where, 'alpha', settings.alpha);
  checkShare(where, 'minConfidence', settings.minConfidence);
  return settings;
}

/** Whether a method fits models and lets a rule compare them. */
export function hasRule(method: MethodName): boolean {
  return method === 'loci' || method === 'anm' || method === 'roche';
}

function refuseUnused(where: string, method: MethodName, options: DirectionOptions): void {
  if (hasRule(method)) return;
  for (const name of ['estimator', 'noise', 'rule'] as const) {
    if (options[name] === undefined) continue;
    throw new ArgumentError(
      `${where}: expected no ${name} with the method ${method}, got ${options[name]}; leave it out`,
    );
  }
}

function checkChoice(where: string, name: string, allowed: readonly string[], value: string | undefined): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new ArgumentError(`${where}: expected ${name} to be one of ${allowed.join(', ')}, got ${String(value)}`);
}

function readKey(where: string, key: number | random.Key): random.Key {
  if (typeof key === 'number') return random.key(key);
  if (key instanceof NDArray && key.dtype === 'uint32' && key.shape.length === 1 && key.shape[0] === 2) return key;
  throw new ArgumentError(`${where}: expected key to be a whole number or a key of random.key, got ${String(key)}`);
}

function checkShare(where: string, name: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new ArgumentError(`${where}: expected ${name} to be a number from 0 to 1, got ${String(value)}`);
}
