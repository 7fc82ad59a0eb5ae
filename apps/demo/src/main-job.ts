import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { np, random } from '@forback/core';
import { type DatasetWithValidation, loadDigits, syntheticDigitsDataset } from '@forback/datasets';
import { denseStack, type Examples, errorRate, forwardForward, train } from '@forback/forward-forward';
import { Backpropagation } from './backpropagation';
import { type Chart, type Curve, drawPage, type Point } from './learning-curves';
import { LiveDisplay } from './live-display';
import type { JobOptions } from './options';

/** Points of each curve in an epoch. */
const checksPerEpoch = 4;
/** Rows of the validation part that a curve is measured on. */
const checkedRows = 1000;

interface Report {
  method: string;
  /** Shares from 0 to 1; null where the method has no such figure. */
  onePass: number;
  scan: number | null;
  seconds: number;
  curve: Point[];
}

/** Thrown when Ctrl-C ends the job early. */
export class Interrupted extends Error {}

export async function mainJob(options: JobOptions, signal: AbortSignal, out: NodeJS.WriteStream): Promise<void> {
  const say = (text = '') => out.write(`${text}\n`);
  const data = await loadData(options, signal, say);
  const { images } = data.train;
  if (options.batchSize > (images.shape[0] as number)) {
    throw new RangeError(`--batch-size ${options.batchSize} is more than the ${images.shape[0]} training images`);
  }
  const sizes = [images.shape[1] as number, ...options.hidden];
  say(`${data.name}: ${data.source}`);
  if (data.synthetic) say('These digits are SYNTHETIC: errors on them say nothing about MNIST.');
  say(
    `${images.shape[0]} training, ${data.validation.labels.size} validation and ${data.test.labels.size} test images; ` +
      `layers ${sizes.join('-')}`,
  );
  say();

  const display = new LiveDisplay(out);
  const goodness: Goodness[] = [];
  const forward = await runForwardForward(options, sizes, data, signal, display, goodness);
  const backward = await runBackpropagation(options, sizes, data, signal, display);
  const summary = table([forward, backward]);
  say();
  say(summary);
  say();
  const charts: Chart[] = [
    {
      title: `Validation error in one pass (${checkedRows} images)`,
      label: 'error %',
      curves: [
        { name: 'Forward-Forward', colour: '#d9480f', points: forward.curve },
        { name: 'backpropagation', colour: '#1971c2', points: backward.curve },
      ],
    },
    {
      title: 'Goodness of positive and negative examples',
      label: 'goodness / threshold',
      curves: goodnessCurves(goodness),
    },
  ];
  const page = await writePage(options, `Forward-Forward and backpropagation on ${data.name}`, summary, charts);
  say(`Learning curves: ${page}`);
  say(`Train longer:    npm start -- --hidden 500,500,500 --epochs 15 --seed ${options.seed}`);
}

/** Mean goodness of every layer at one moment, as multiples of the thresholds. */
interface Goodness {
  epoch: number;
  positive: number[];
  negative: number[];
}

function goodnessCurves(seen: readonly Goodness[]): Curve[] {
  const layers = seen[0]?.positive.length ?? 0;
  return Array.from({ length: layers }, (_, i) => i).flatMap((i) =>
    (['positive', 'negative'] as const).map((side) => {
      const shades = side === 'positive' ? greens : greys;
      return {
        name: `layer ${i + 1} ${side}`,
        colour: shades[i % shades.length] as string,
        points: seen.map((g) => ({ epoch: g.epoch, value: g[side][i] as number })),
      };
    }),
  );
}

const greens = ['#2b8a3e', '#40c057', '#8ce99a', '#5c940d', '#a9e34b'];
const greys = ['#343a40', '#868e96', '#ced4da', '#5f3dc4', '#b197fc'];

async function loadData(
  options: JobOptions,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<DatasetWithValidation> {
  const key = random.key(options.seed);
  const data = options.synthetic
    ? syntheticDigitsDataset(key, syntheticSizes(options))
    : await loadDigits({
        key,
        validation: 10_000,
        synthetic: syntheticSizes(options),
        download: options.download,
        signal,
        ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
        onProgress: ({ file, received }) => {
          if (received === 0) say(`Downloading ${file} ...`);
        },
      });
  if (options.samples === undefined) return data;
  const n = data.train.labels.size;
  if (options.samples > n) throw new RangeError(`--samples ${options.samples} is more than the ${n} training images`);
  return { ...data, train: firstRows(data.train, options.samples) };
}

/** As many as MNIST has; fewer training digits when fewer are asked for. */
function syntheticSizes({ samples = 50_000 }: JobOptions) {
  return { train: Math.min(samples, 50_000) + 10_000, test: 10_000, validation: 10_000 };
}

function firstRows({ images, labels }: Examples, n: number): Examples {
  return { images: images.slice([0, n]), labels: labels.slice([0, n]) };
}

async function runForwardForward(
  options: JobOptions,
  sizes: readonly number[],
  data: DatasetWithValidation,
  signal: AbortSignal,
  display: LiveDisplay,
  goodness: Goodness[],
): Promise<Report> {
  const { epochs, batchSize, seed } = options;
  const model = forwardForward({ layers: denseStack(sizes), classes: 10 });
  const checked = firstRows(data.validation, checkedRows);
  const perEpoch = Math.floor(data.train.labels.size / batchSize);
  const every = Math.max(1, Math.round(perEpoch / checksPerEpoch));
  const curve: Point[] = [];
  const began = performance.now();
  let validation = Number.NaN;
  const { state, finished } = await train(model, data.train, {
    epochs,
    batchSize,
    key: random.key(seed),
    signal,
    onProgress: (p) => {
      if (p.step % every === 0 || p.step === p.steps) {
        validation = errorRate(model, p.state, checked);
        const at = p.step / perEpoch;
        curve.push({ epoch: at, value: 100 * validation });
        goodness.push({ epoch: at, positive: p.positiveGoodness, negative: p.negativeGoodness });
      }
      display.show({
        title: 'Forward-Forward ',
        done: p.step,
        total: p.steps,
        lines: [
          `epoch ${p.epoch}/${p.epochs}   validation error ${percent(validation)} (one pass)`,
          `goodness, positive : negative   ${p.positiveGoodness
            .map((g, i) => `layer ${i + 1} ${g.toFixed(2)} : ${(p.negativeGoodness[i] as number).toFixed(2)}`)
            .join('   ')}`,
        ],
      });
    },
  });
  display.finish();
  if (!finished) throw new Interrupted();
  const seconds = (performance.now() - began) / 1000;
  return {
    method: 'Forward-Forward',
    onePass: errorRate(model, state, data.test),
    scan: errorRate(model, state, data.test, { mode: 'goodnessScan' }),
    seconds,
    curve,
  };
}

async function runBackpropagation(
  options: JobOptions,
  sizes: readonly number[],
  data: DatasetWithValidation,
  signal: AbortSignal,
  display: LiveDisplay,
): Promise<Report> {
  const { epochs, batchSize, seed } = options;
  const [initKey, orderKey] = random.split(random.key(seed));
  const network = new Backpropagation([...sizes, 10], initKey);
  const checked = firstRows(data.validation, checkedRows);
  const { images, labels } = data.train;
  const n = labels.size;
  const perEpoch = Math.floor(n / batchSize);
  const every = Math.max(1, Math.round(perEpoch / checksPerEpoch));
  const steps = epochs * perEpoch;
  const curve: Point[] = [];
  const began = performance.now();
  let validation = Number.NaN;
  let order = np.arange(n);
  for (let step = 1; step <= steps; step++) {
    const epoch = Math.ceil(step / perEpoch);
    const position = (step - 1) % perEpoch;
    if (position === 0) order = random.permutation(random.foldIn(orderKey, epoch), n);
    const rows = order.slice([position * batchSize, (position + 1) * batchSize]);
    network.step(np.take(images, rows), np.take(labels, rows));
    if (step % every === 0 || step === steps) {
      validation = network.errorRate(checked);
      curve.push({ epoch: step / perEpoch, value: 100 * validation });
    }
    display.show({
      title: 'Backpropagation ',
      done: step,
      total: steps,
      lines: [`epoch ${epoch}/${epochs}   validation error ${percent(validation)}`],
    });
    if (step % 8 === 0) await new Promise((resume) => setImmediate(resume));
    if (signal.aborted) {
      display.finish();
      throw new Interrupted();
    }
  }
  display.finish();
  const seconds = (performance.now() - began) / 1000;
  return { method: 'backpropagation', onePass: network.errorRate(data.test), scan: null, seconds, curve };
}

function percent(share: number): string {
  return Number.isNaN(share) ? '   --' : `${(100 * share).toFixed(2)} %`;
}

function table(reports: readonly Report[]): string {
  const rows = [
    ['', 'test error, one pass', 'test error, goodness scan', 'training time'],
    ...reports.map((r) => [
      r.method,
      percent(r.onePass),
      r.scan === null ? '' : percent(r.scan),
      `${r.seconds.toFixed(0)} s`,
    ]),
  ];
  const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map((r) => (r[i] as string).length)));
  return rows
    .map((r) =>
      r.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join('   '),
    )
    .join('\n');
}

async function writePage(
  options: JobOptions,
  heading: string,
  summary: string,
  charts: readonly Chart[],
): Promise<string> {
  const folder = resolve(process.env.INIT_CWD ?? process.cwd(), options.output);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `forward-forward-seed${options.seed}.html`);
  await writeFile(file, drawPage(heading, summary, charts));
  return file;
}
