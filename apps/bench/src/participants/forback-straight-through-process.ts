import { forbackStraightThrough } from './forback-straight-through';
import { serve } from './serve';

await serve(forbackStraightThrough);
