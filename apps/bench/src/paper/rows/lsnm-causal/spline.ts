import { type CausePairSuiteName, causePairSuiteNames } from '@forback/datasets';
import { experiment, row } from '../../row';
import { above, reportOnly, withinTolerance } from '../../rule';
import { controls } from './controls';
import { publishedScores, tolerance } from './published';
import { bothRules, evaluateSuite, type SuiteSettings, slug } from './suite-experiment';

const quickPairs = 10;
/** HSIC of all 16,382 rows of the largest Tübingen pair takes a minute. */
const quickRows = 1000;

function splineExperiment(suite: CausePairSuiteName) {
  const all: SuiteSettings = { suite, pairs: null, maxRows: null };
  return experiment({
    name: `${slug(suite)}-spline`,
    full: { settings: all, seeds: 1, seconds: suite === 'Tuebingen' ? 200 : 25, memory: 400 },
    quick: { settings: { ...all, pairs: quickPairs, maxRows: quickRows }, seeds: 1, seconds: 10, memory: 400 },
    run: async (seed, settings, context) => bothRules(await evaluateSuite(seed, settings, {}, context)),
  });
}

/** LOCI with the spline estimator and its exact optimum. */
const splines = Object.fromEntries(causePairSuiteNames.map((suite) => [suite, splineExperiment(suite)])) as Readonly<
  Record<CausePairSuiteName, ReturnType<typeof splineExperiment>>
>;

const percentOfPairs = { unit: '% of pairs', better: 'higher' } as const;
const difference = { unit: 'points', better: 'higher', published: null } as const;
const perPairFiles = 'scores of each pair as published with LOCI (Immer et al. 2023), network estimator';

export const splineRows = causePairSuiteNames.flatMap((suite) => {
  const spline = splines[suite];
  const weighted = suite === 'Tuebingen' ? ', weighted' : '';
  const rows = (['likelihood', 'hsic'] as const).flatMap((rule) => {
    const published = publishedScores[rule === 'hsic' ? 'nnHsic' : 'nnLikelihood'][suite];
    const name = rule === 'hsic' ? 'LOCI_H' : 'LOCI_M';
    const common = { ...percentOfPairs, from: { spline }, rule: withinTolerance(tolerance(suite)) };
    return [
      row({
        ...common,
        name: `${slug(suite)}-spline-${rule}`,
        claim: `${name} on ${suite}, exact spline fit: accuracy${weighted}`,
        published: { value: published.accuracy, tag: 'log' },
        source: perPairFiles,
        value: ({ spline: figures }) => figures[rule],
      }),
      row({
        ...common,
        name: `${slug(suite)}-spline-${rule}-audrc`,
        claim: `${name} on ${suite}, exact spline fit: area under the decision-rate curve${weighted} (LOCI's definition)`,
        published: { value: published.audrc, tag: 'log' },
        source: perPairFiles,
        unit: '%',
        value: ({ spline: figures }) => figures[rule === 'hsic' ? 'hsicAudrc' : 'likelihoodAudrc'],
      }),
    ];
  });
  const control = controls[suite];
  return [
    ...rows,
    row({
      ...difference,
      name: `${slug(suite)}-spline-against-marginals`,
      claim: `LOCI_H on ${suite}: accuracy${weighted} above a control that never sees both variables together`,
      source: 'both run here; where this fails, the suite says little about any method',
      from: { spline, control },
      value: (results) => results.spline.hsic - results.control.marginal,
      rule: above(0, { standardErrors: 0 }),
    }),
    row({
      ...percentOfPairs,
      better: 'lower',
      name: `${slug(suite)}-rules-disagree`,
      claim: `Pairs of ${suite} on which LOCI_M and LOCI_H disagree`,
      published: null,
      source: 'a sign that the noise is not of the modelled kind',
      from: { spline },
      value: ({ spline: figures }) => figures.disagreement,
      rule: reportOnly(),
    }),
  ];
});
