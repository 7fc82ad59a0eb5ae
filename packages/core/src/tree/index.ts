export { flatten, leaves, map, paths, reduce, show, unflatten } from './tree';
export type { Flattened, MapLeaves, TreeDef } from './tree';
