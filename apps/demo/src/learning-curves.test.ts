import { expect, test } from 'vitest';
import { drawChart, drawPage } from './learning-curves';

const chart = {
  title: 'error <of> two & more',
  label: 'error %',
  curves: [
    {
      name: 'a "b"',
      colour: '#123456',
      points: [
        { epoch: 0, value: 10 },
        { epoch: 4, value: 0 },
      ],
    },
  ],
};

test('a chart maps its points to the corners of the drawing area', () => {
  // Left, top to right, bottom of the area inside the margins.
  expect(drawChart(chart)).toContain('d="M64,36L530,276"');
});

test('text is escaped', () => {
  const svg = drawChart(chart);
  expect(svg).toContain('error &lt;of&gt; two &amp; more');
  expect(svg).toContain('a &quot;b&quot;');
});

test('a page holds its summary and all charts', () => {
  const page = drawPage('heading', 'a  <b>', [chart, chart]);
  expect(page.match(/<svg /g)).toHaveLength(2);
  expect(page).toContain('a  &lt;b&gt;');
});
