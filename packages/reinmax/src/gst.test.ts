import { array, nn, np, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { gapLogits } from './gst';
import { estimateGradient, gst } from './index';
import { normal } from './test-support';

describe('gap straight-through', () => {
  const wide = normal(12, [200, 5]).mul(3);
  const hard = nn.oneHot(random.randint(random.key(13), { shape: [200], minval: 0, maxval: 5 }), 5, 'float64');

  test.each([1, 0.3, 'probability'] as const)('leads by at least the gap %s', (gap) => {
    const moved = gapLogits(wide, hard, gap);
    const chosen = moved.mul(hard).sum(-1);
    const runnerUp = np.where(hard.greater(0), Number.NEGATIVE_INFINITY, moved).max(-1);
    const p = nn.softmax(wide).mul(hard).sum(-1);
    const wanted = gap === 'probability' ? np.log1p(p.neg()).neg().div(p) : np.full([200], gap, { dtype: 'float64' });
    expect(chosen.sub(runnerUp).sub(wanted).min().item()).toBeGreaterThan(-1e-6);
    expect(np.equal(chosen, wide.max(-1)).toJS().toString()).not.toContain('false');
    // A choice that leads by more already keeps its logits.
    const clear = array([5, 0, 0], { dtype: 'float64' });
    expect(gapLogits(clear, array([1, 0, 0], { dtype: 'float64' }), gap === 'probability' ? 1 : gap).toJS()).toEqual([
      5, 0, 0,
    ]);
  });

  test('its gradient is that of the softmax of the moved logits', () => {
    const w = normal(14, [200, 5]);
    const g = estimateGradient(gst, (s) => s.mul(w).sum(), wide, random.key(0), { sample: hard, temperature: 0.5 });
    const y = nn.softmax(gapLogits(wide, hard, 1).div(0.5));
    const expected = y.mul(w.sub(y.mul(w).sum(-1, { keepDims: true }))).div(0.5);
    expect(np.abs(g.sub(expected)).max().item()).toBeLessThan(1e-12);
  });
});
