import { app } from '../../tooling/tsup/app';

export default app;
