import { jaxJs } from './jax-js';
import { serve } from './serve';

await serve(jaxJs);
