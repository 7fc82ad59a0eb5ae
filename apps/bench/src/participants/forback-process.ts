import { forback } from './forback';
import { serve } from './serve';

await serve(forback);
