import { SyntheticCommand } from './synthetic-command';

/** Runs the synthetic rows in a process that the tests can kill. */
await new SyntheticCommand(process.argv[2] as string).run({ jobs: 1 });
