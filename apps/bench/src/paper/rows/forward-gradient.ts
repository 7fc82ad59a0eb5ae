import { cosineRows } from './forward-gradient/cosine';
import { raceRows } from './forward-gradient/races';
import { runTimeRows } from './forward-gradient/run-time';

export default [...raceRows, ...cosineRows, ...runTimeRows];
