import { type CausePairSuiteName, causePairSuiteNames } from '@forback/datasets';
import { experiment, type RunContext, row } from '../../row';
import { reportOnly, withinTolerance } from '../../rule';
import { publishedScores, tolerance } from './published';
import { bothRules, evaluateSuite, percent, type SuiteSettings, slug } from './suite-experiment';

/** Methods that fit no noise, in one run: they take milliseconds a pair. Weighted accuracies in %. */
async function cheapMethods(seed: number, settings: SuiteSettings, context: RunContext) {
  const accuracy = async (options: Parameters<typeof evaluateSuite>[2]) =>
    percent(
      (await evaluateSuite(seed, settings, options, { ...context, onProgress: () => {} })).metrics.weightedAccuracy,
    );
  return {
    marginal: await accuracy({ method: 'marginal' }),
    igciGaussian: await accuracy({ method: 'igci', reference: 'gaussian' }),
    igciUniform: await accuracy({ method: 'igci', reference: 'uniform' }),
    reci: await accuracy({ method: 'reci' }),
  };
}

function controlExperiment(suite: CausePairSuiteName) {
  const all: SuiteSettings = { suite, pairs: null, maxRows: null };
  return experiment({
    name: `${slug(suite)}-controls`,
    full: { settings: all, seeds: 1, seconds: 5, memory: 300 },
    quick: { settings: { ...all, pairs: 10 }, seeds: 1, seconds: 4, memory: 300 },
    run: cheapMethods,
  });
}

/** What sees less than LOCI. */
export const controls = Object.fromEntries(
  causePairSuiteNames.map((suite) => [suite, controlExperiment(suite)]),
) as Readonly<Record<CausePairSuiteName, ReturnType<typeof controlExperiment>>>;

function additiveExperiment(suite: CausePairSuiteName) {
  const all: SuiteSettings = { suite, pairs: null, maxRows: 3000 };
  return experiment({
    name: `${slug(suite)}-anm`,
    full: { settings: all, seeds: 1, seconds: 25, memory: 400 },
    quick: { settings: { ...all, pairs: 10, maxRows: 1000 }, seeds: 1, seconds: 8, memory: 400 },
    run: async (seed, settings: SuiteSettings, context) =>
      bothRules(await evaluateSuite(seed, settings, { method: 'anm' }, context)),
  });
}

const percentOfPairs = { unit: '% of pairs', better: 'target' } as const;
const perPairFiles = 'scores of each pair as published with LOCI (Immer et al. 2023)';

export const controlRows = causePairSuiteNames.flatMap((suite) => {
  const control = controls[suite];
  const additive = additiveExperiment(suite);
  const weighted = suite === 'Tuebingen' ? ', weighted' : '';
  const igci = (reference: 'gaussian' | 'uniform') => {
    const figure = reference === 'gaussian' ? 'igciGaussian' : 'igciUniform';
    return row({
      ...percentOfPairs,
      name: `${slug(suite)}-igci-${reference}`,
      claim: `IGCI on ${suite}, ${reference} reference: accuracy${weighted}`,
      published: { value: publishedScores[figure][suite].accuracy, tag: 'log' },
      source: perPairFiles,
      from: { control },
      value: (results) => results.control[figure],
      rule: withinTolerance(tolerance(suite)),
    });
  };
  const reported = { ...percentOfPairs, better: 'higher', published: null, rule: reportOnly() } as const;
  return [
    row({
      ...reported,
      name: `${slug(suite)}-marginals`,
      claim: `Marginals alone on ${suite}: the variable closer to a normal distribution is the cause, accuracy${weighted}`,
      source: 'control: what a method gets for nothing',
      from: { control },
      value: (results) => results.control.marginal,
    }),
    igci('gaussian'),
    igci('uniform'),
    suite === 'Tuebingen'
      ? row({
          ...percentOfPairs,
          name: 'tuebingen-reci',
          claim: 'RECI on Tuebingen, cubic polynomials: accuracy, weighted',
          published: { value: 73.6, tag: 'second-hand' },
          source: 'as reported by later work; its regression may be another',
          from: { control },
          value: (results) => results.control.reci,
          rule: withinTolerance(tolerance(suite)),
        })
      : row({
          ...reported,
          name: `${slug(suite)}-reci`,
          claim: `RECI on ${suite}, cubic polynomials: accuracy`,
          source: 'baseline',
          from: { control },
          value: (results) => results.control.reci,
        }),
    ...(['likelihood', 'hsic'] as const).map((rule) =>
      row({
        ...reported,
        name: `${slug(suite)}-anm-${rule}`,
        claim: `Additive noise of constant variance on ${suite}, splines, by ${rule}: accuracy${weighted}`,
        source: 'baseline; at most 3000 rows of a pair',
        from: { additive },
        value: (results) => results.additive[rule],
      }),
    ),
  ];
});
