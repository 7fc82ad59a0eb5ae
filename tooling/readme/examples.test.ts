import { expect, test, vi } from 'vitest';
import { readmeExamples } from './examples';

const examples = readmeExamples();

test('the READMEs have examples', () => {
  expect(examples.length).toBeGreaterThan(0);
});

for (const example of examples) {
  test(example.name, { timeout: 60_000 }, async () => {
    const printed: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
      printed.push(values.map(String).join(' '));
    });
    try {
      await import(/* @vite-ignore */ example.id);
    } finally {
      log.mockRestore();
    }
    // Line breaks do not fit in a comment.
    if (example.prints.length > 0) expect(printed.map((text) => text.replace(/\s+/g, ' '))).toEqual(example.prints);
  });
}
