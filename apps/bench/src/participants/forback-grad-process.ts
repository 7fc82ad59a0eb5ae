import { forbackGrad } from './forback-grad';
import { serve } from './serve';

await serve(forbackGrad);
