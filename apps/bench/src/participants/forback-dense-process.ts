import { forback } from './forback';
import { isSparse, sparse } from './forback-sparse';
import { Unsupported } from './participant';
import { serve } from './serve';

// The sparse cases with forback's dense products: what the sparse ones have to beat.
await serve({
  ...forback,
  prepare(task) {
    const { workload } = task;
    if (!isSparse(workload)) throw new Unsupported('forback itself');
    return sparse(task, workload, 'dense');
  },
});
