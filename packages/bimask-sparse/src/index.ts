export type { Pattern } from './pattern';
