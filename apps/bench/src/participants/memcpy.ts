import { type Participant, Unsupported } from './participant';

/** How fast this machine copies memory: the roof of everything that only streams through it. */
export const memcpy: Participant = {
  async start() {
    return { versions: { node: process.versions.node }, settings: 'TypedArray.set, one thread' };
  },
  prepare({ traffic }) {
    if (traffic === 0) throw new Unsupported('not limited by memory');
    // A copy reads and writes each byte.
    const from = new Float32Array(traffic / 8).fill(1);
    const to = new Float32Array(from.length).fill(2);
    return {
      results: async () => ({}),
      iterate(count) {
        for (let i = 0; i < count; i++) to.set(from);
      },
    };
  },
};
