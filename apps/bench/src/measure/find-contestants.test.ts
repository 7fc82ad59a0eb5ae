import { describe, expect, test } from 'vitest';
import { allCases } from '../cases';
import { nodeContestants, type RosterOptions } from './find-contestants';

const options: RosterOptions = { code: 'built', threads: 2, node: '/bin/node', init: { x: 1 }, peers: undefined };
const all = () => true;
const names = (contestants: readonly { name: string }[]) => contestants.map((c) => c.name);

describe('contestants', () => {
  test('take part with and without threads where there are several', () => {
    const { ours, peers } = nodeContestants(options, all);
    expect(ours).toMatchObject({ name: 'forback', threads: 2, options: { x: 1 } });
    expect(Object.fromEntries(peers.map((p) => [p.name, p.threads]))).toEqual({
      'forback-1-thread': 1,
      'forback-grad': 2,
      'forback-straight-through': 2,
      'forback-dense': 2,
      'jax-js': 1,
      'jax-js-threads': 2,
      'tfjs-wasm': 1,
      'tfjs-wasm-threads': 2,
      'tfjs-cpu': 1,
      memcpy: 1,
    });
    expect(peers[0]?.options).toEqual({ x: 1 });
    const single = nodeContestants({ ...options, threads: 1 }, all);
    expect(names(single.peers)).toEqual([
      'forback-grad',
      'forback-straight-through',
      'forback-dense',
      'jax-js',
      'tfjs-wasm',
      'tfjs-cpu',
      'memcpy',
    ]);
  });

  test('are those that were asked for', () => {
    const { peers, missing } = nodeContestants({ ...options, peers: ['memcpy', 'jax-js'] }, all);
    expect(names(peers)).toEqual(['jax-js', 'memcpy']);
    expect(missing).toEqual([]);
    expect(nodeContestants({ ...options, peers: [] }, all).peers).toEqual([]);
  });

  test('that are not installed are named, with what to install', () => {
    const { peers, missing } = nodeContestants({ ...options, threads: 1 }, (name) => name === '@tensorflow/tfjs');
    expect(names(peers)).toEqual(['forback-grad', 'forback-straight-through', 'forback-dense', 'tfjs-cpu', 'memcpy']);
    expect(missing.map((m) => `${m.name}: ${m.remedy}`)).toEqual([
      'jax-js: @jax-js/jax not installed: run `pnpm bench setup`',
      'tfjs-wasm: @tensorflow/tfjs-backend-wasm not installed: run `pnpm bench setup`',
    ]);
  });

  test('run on the Node that was named, from the build or from the sources', () => {
    const built = nodeContestants(options, all).ours.command;
    expect(built.file).toBe('/bin/node');
    expect(built.args.at(-1)).toMatch(/dist.forback-process\.js$/);
    expect(built.args).not.toContain('--conditions=@forback/source');
    const source = nodeContestants({ ...options, code: 'source' }, all).ours.command;
    expect(source.args.at(-1)).toMatch(/src.participants.forback-process\.ts$/);
    expect(source.args).toContain('--conditions=@forback/source');
  });

  test('sit out what is not for them', () => {
    const { peers } = nodeContestants(options, all);
    const plays = (name: string) => {
      const peer = peers.find((p) => p.name === name);
      return allCases.filter((c) => (peer?.sitsOut?.(c) ?? null) === null).map((c) => c.id);
    };
    expect(plays('memcpy')).toEqual([
      'chain-arithmetic',
      'chain-tanh',
      'sum-all',
      'sum-rows',
      'sum-columns',
      'squared-distance',
    ]);
    expect(plays('jax-js')).toHaveLength(allCases.length);
    expect(plays('tfjs-cpu')).toContain('gemm-512');
    expect(plays('tfjs-cpu')).not.toContain('gemm-1024');
    expect(plays('tfjs-cpu')).not.toContain('memory-mlp');
  });
});
