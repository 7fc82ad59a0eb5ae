import { serve } from './serve';
import { tfjs } from './tfjs';

await serve(tfjs);
