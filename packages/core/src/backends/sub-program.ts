import type { TypedArray } from '../array/dtype';
import type { Kernel } from '../primitives/primitive';
import { executableFor } from '../program/execute';
import type { Program } from '../program/program';

/** A kernel that runs a whole program, for calls that must not be inlined. */
export function programKernel(program: Program): Kernel {
  const executable = executableFor(program);
  return (inputs, outputs) => {
    executable.run(inputs).forEach((data, i) => {
      (outputs[i] as TypedArray).set(data);
    });
  };
}
