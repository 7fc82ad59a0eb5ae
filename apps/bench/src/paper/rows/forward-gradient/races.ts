import { experiment, row } from '../../row';
import { above, reportOnly } from '../../rule';
import { type Direction, type RaceSettings, race } from './race';

const paperSizes = [784, 1024, 1024, 10];
const smallSizes = [784, 256, 256, 10];

const candidates: Readonly<Record<Direction, readonly number[]>> = {
  backpropagation: [0.03, 0.1, 0.3],
  weights: [1e-4, 3e-4, 1e-3, 3e-3],
  activities: [1e-3, 3e-3, 1e-2, 3e-2],
};

function runOf(name: string, direction: Direction, chosen: Partial<RaceSettings>, seeds: number, seconds: number) {
  const settings: RaceSettings = {
    direction,
    sizes: smallSizes,
    rates: candidates[direction],
    decay: 0,
    epochs: 2,
    trainingImages: 50_000,
    tuningImages: 10_000,
    ...chosen,
  };
  return experiment({
    name: `${name}-${direction}`,
    full: { settings, seeds, seconds, memory: 900 },
    quick: {
      settings: { ...settings, sizes: smallSizes, trainingImages: 6_000, tuningImages: 1_920 },
      seeds: 1,
      seconds: 6,
      memory: 700,
    },
    run: race,
  });
}

/** The set-up of Baydin et al. 2022: one small learning rate for both. */
const equal = { sizes: paperSizes, rates: [2e-4], decay: 1e-4 } as const;
const runs = {
  equalBack: runOf('equal-rate', 'backpropagation', equal, 1, 90),
  equalForward: runOf('equal-rate', 'weights', equal, 1, 150),
  tunedBack: runOf('tuned-rate', 'backpropagation', { sizes: paperSizes }, 1, 120),
  tunedForward: runOf('tuned-rate', 'weights', { sizes: paperSizes }, 1, 200),
};
const small = {
  back: runOf('small', 'backpropagation', {}, 3, 15),
  weights: runOf('small', 'weights', {}, 3, 30),
  activities: runOf('small', 'activities', {}, 3, 20),
};

const accuracy = {
  published: null,
  source: 'Baydin et al. 2022, set-up of the MLP',
  unit: '% test accuracy',
  better: 'higher',
  rule: reportOnly(),
} as const;
const titles = { Back: 'backpropagation', Forward: 'forward gradient' } as const;
const network = '784-1024-1024-10 on MNIST';

const curveRows = (['Back', 'Forward'] as const).flatMap((who) =>
  (['equal', 'tuned'] as const).flatMap((rate) =>
    (['first', 'last'] as const).map((when) =>
      row({
        ...accuracy,
        name: `${rate}-rate-${who === 'Back' ? 'backpropagation' : 'forward-gradient'}-epoch-${when === 'first' ? 1 : 2}`,
        claim: `${rate === 'equal' ? 'The equal learning rate of the paper' : 'Learning rates tuned on validation images'}: ${titles[who]}, ${network}, epoch ${when === 'first' ? 1 : 2}`,
        from: { run: runs[`${rate}${who}`] },
        value: ({ run }) => run[when],
      }),
    ),
  ),
);

const gap = {
  published: null,
  source: 'Baydin et al. 2022, set-up of the MLP; the same runs',
  unit: 'points of test accuracy',
  better: 'target',
  rule: above(0, { standardErrors: 0 }),
} as const;

const renError =
  'Ren et al. 2023, Table: MNIST, LocalMixer S/1/1; ours: 784-256-256-10, 2 epochs, tuned learning rates';

export const raceRows = [
  ...curveRows,
  row({
    ...gap,
    name: 'equal-rate-gap',
    claim: 'At the equal learning rate backpropagation is ahead after 2 epochs',
    from: { back: runs.equalBack, forward: runs.equalForward },
    value: ({ back, forward }) => back.last - forward.last,
  }),
  row({
    ...gap,
    name: 'tuned-rate-gap-larger',
    claim: 'A small learning rate for both flatters the forward gradient: tuned, it is further behind',
    source: 'what replications report; the same runs',
    from: {
      back: runs.tunedBack,
      forward: runs.tunedForward,
      equalBack: runs.equalBack,
      equalForward: runs.equalForward,
    },
    value: ({ back, forward, equalBack, equalForward }) =>
      back.last - forward.last - (equalBack.last - equalForward.last),
  }),
  ...(
    [
      ['weights', 'weights perturbed (FG-W)', 9.25],
      ['activities', 'activities perturbed (FG-A)', 3.24],
      ['back', 'backpropagation', 2.66],
    ] as const
  ).map(([who, title, value]) =>
    row({
      name: `activity-or-weight-${who}`,
      claim: `Test error with ${title}`,
      published: { value, tag: 'paper' },
      source: renError,
      unit: '% test error',
      better: 'lower',
      from: { run: small[who] },
      value: ({ run }) => 100 - run.last,
      rule: reportOnly(),
      note: 'Another network and two epochs; the order is what is judged.',
    }),
  ),
  row({
    name: 'activities-ahead-of-weights',
    claim: 'Perturbing activities is better than perturbing weights',
    published: { value: 6.01, tag: 'paper' },
    source: renError,
    unit: 'points of test error',
    better: 'target',
    from: { weights: small.weights, activities: small.activities },
    value: ({ weights, activities }) => activities.last - weights.last,
    rule: above(0),
    quickRule: above(0, { standardErrors: 0 }),
  }),
];
