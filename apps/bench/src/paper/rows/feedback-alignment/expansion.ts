import { type NDArray, nn, random } from '@forback/core';
import { angle, initFeedback, pfa, pfaOrthogonal } from '@forback/feedback-alignment';
import { experiment, row } from '../../row';
import { reportOnly, withinTolerance } from '../../rule';
import { figure } from './figure';

const expansions = [1, 4, 10] as const;

/** Angle between W and B Bᵀ W, to which product feedback turns, and the ratio of their norms, for random W. */
const expansion = experiment({
  name: 'expansion',
  full: { settings: { units: 512 }, seeds: 3, seconds: 5, memory: 500 },
  quick: { settings: { units: 512 }, seeds: 2, seconds: 5, memory: 500 },
  async run(seed, { units }: { readonly units: number }) {
    const [weightKey, ruleKey] = random.split(random.key(seed));
    const model = nn.mlp([8, units, units], { init: nn.initializers.glorotUniform });
    const params = model.init(weightKey);
    const loss = (p: nn.MlpParams, x: NDArray) => model.apply(p, x).sum();
    const x = random.normal(weightKey, { shape: [2, 8] });
    // Stored as [in, out], so that W of the equations is the transpose.
    const weight = (params[1] as nn.MlpParams[number]).weight.T;
    const path = (rule: ReturnType<typeof pfa>) => {
      const { '[1].weight': b } = initFeedback(loss, { rule })(params, x).fixed;
      if (b === undefined) throw new Error('expected product feedback for the second layer');
      return b.matmul(b.T.matmul(weight));
    };
    const norm = (w: NDArray) => Math.sqrt(w.mul(w).sum().item());
    const values: Record<string, number> = { orthogonal: angle(path(pfaOrthogonal(ruleKey)), weight).item() };
    for (const r of expansions) {
      const sent = path(pfa(ruleKey, { expansion: r }));
      values[`angle ${r}`] = angle(sent, weight).item();
      values[`ratio ${r}`] = norm(sent) / norm(weight);
    }
    return values;
  },
});

const shared = { better: 'target', from: { expansion } } as const;
const degrees = (r: number) => (180 / Math.PI) * Math.atan(1 / Math.sqrt(r));

export const expansionRows = [
  ...expansions.flatMap((r) => [
    row({
      ...shared,
      name: `expansion-angle-${r}`,
      claim: `Aligned product feedback with r = ${r}: angle between B Bᵀ W and W, 512 × 512`,
      published: { value: Number(degrees(r).toFixed(2)), tag: 'paper' },
      source: 'Ji-An and Benna 2024, angle against expansion: arctan(1/√r)',
      unit: '°',
      value: (results) => figure(results.expansion, `angle ${r}`),
      rule: withinTolerance(0.5),
    }),
    row({
      ...shared,
      name: `expansion-ratio-${r}`,
      claim: `The same, ratio of the norms, r = ${r}`,
      published: null,
      source: 'follows from the rule: √(1 + 1/r)',
      unit: `(expected ${Math.sqrt(1 + 1 / r).toFixed(3)})`,
      value: (results) => figure(results.expansion, `ratio ${r}`),
      rule: reportOnly(),
    }),
  ]),
  row({
    ...shared,
    name: 'expansion-angle-orthogonal',
    claim: 'PFA-o: the same angle with an orthogonal B',
    published: { value: 0, tag: 'paper' },
    source: 'Ji-An and Benna 2024: B Bᵀ = I',
    unit: '°',
    value: (results) => figure(results.expansion, 'orthogonal'),
    rule: withinTolerance(0.01),
  }),
];
