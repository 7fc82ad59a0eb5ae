export type { Flattened, MapLeaves, TreeDef } from './tree';
export { flatten, leaves, map, paths, reduce, show, unflatten } from './tree';
