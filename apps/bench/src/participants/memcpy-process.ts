import { memcpy } from './memcpy';
import { serve } from './serve';

await serve(memcpy);
