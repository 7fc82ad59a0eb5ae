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
    igciUnscaled: await accuracy({ method: 'igci', standardise: false }),
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
const unscaled =
  'The published column is not of variables with variance 1: the program behind it takes their mean divided by their standard ' +
  'deviation from them, and compares entropies in the units of the data. The method igci without standardise gives its ' +
  'scores to ten digits.';
const perPairFiles = 'scores of each pair as published with LOCI (Immer et al. 2023)';

export const controlRows = causePairSuiteNames.flatMap((suite) => {
  const control = controls[suite];
  const additive = additiveExperiment(suite);
  const weighted = suite === 'Tuebingen' ? ', weighted' : '';
  const published = { ...percentOfPairs, source: perPairFiles, from: { control } } as const;
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
    row({
      ...published,
      name: `${slug(suite)}-igci-uniform`,
      claim: `IGCI on ${suite}, uniform reference: accuracy${weighted}`,
      published: { value: publishedScores.igciUniform[suite].accuracy, tag: 'log' },
      value: (results) => results.control.igciUniform,
      rule: withinTolerance(tolerance(suite)),
    }),
    row({
      ...published,
      name: `${slug(suite)}-igci-unscaled`,
      claim: `IGCI on ${suite}, the published "Gaussian" column, entropies in the units of the data: accuracy${weighted}`,
      published: { value: publishedScores.igciGaussian[suite].accuracy, tag: 'log' },
      value: (results) => results.control.igciUnscaled,
      rule: withinTolerance(tolerance(suite)),
      ...(suite === 'AN' ? { note: unscaled } : {}),
    }),
    row({
      ...reported,
      name: `${slug(suite)}-igci-gaussian`,
      claim: `IGCI on ${suite}, Gaussian reference, both variables with variance 1: accuracy${weighted}`,
      source: 'baseline',
      from: { control },
      value: (results) => results.control.igciGaussian,
    }),
    row({
      ...reported,
      name: `${slug(suite)}-reci`,
      claim: `RECI on ${suite}, cubic polynomials: accuracy${weighted}`,
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
