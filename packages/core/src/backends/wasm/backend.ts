import { sizeOf } from '../../array/shape';
import { BackendError } from '../../errors';
import type { LoweringContext, Primitive } from '../../primitives/primitive';
import {
  type FusedParams,
  type FusedReductionParams,
  fuse,
  fusedPrimitive,
  fusedReductionPrimitive,
} from '../../program/fuse';
import { showProgram } from '../../program/print';
import type { Program } from '../../program/program';
import type { Backend, CompileOptions, Executable } from '../backend';
import { Interpreted } from '../interpreter';
import { makePlan, type Plan } from '../plan';
import { copyKernel as copyLoop } from '../strided';
import { type ArenaKernel, ArenaProgram } from './arena';
import { copyKernel } from './copy-kernel';
import { Engine, type EngineOptions } from './engine';
import { fusedKernel } from './fused-kernel';
import { type NativeFunction, smallestNative } from './native';
import { reduceKernel } from './reduce-kernel';
import { isReducible } from './reduce-pattern';

/** A module with one function that uses a 128-bit constant; it validates only where SIMD exists. */
const simdProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

export function wasmSupported(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(simdProbe);
}

/** @throws BackendError if the JavaScript engine has no WebAssembly SIMD. */
export function startEngine(options: EngineOptions): Engine {
  if (wasmSupported()) return new Engine(options);
  throw new BackendError(
    'init: this JavaScript engine has no WebAssembly SIMD; use a newer one, or init({ backend: "reference" })',
  );
}

export function wasmBackend(engine: Engine): Backend {
  return {
    name: 'wasm',
    memory: () => engine.memory(),
    compile: (program, options) => compile(engine, program, options),
    describe(program, options) {
      const prepared = prepare(program);
      return [
        { stage: 'fused', text: showProgram(prepared) },
        { stage: 'steps', text: showPlan(engine, prepared, planOf(prepared, options)) },
      ];
    },
  };
}

function prepare(program: Program): Program {
  return fuse(program, { smallest: smallestNative, largest: 16, reduces: isReducible });
}

function planOf(prepared: Program, options: CompileOptions): Plan<ArenaKernel> {
  return makePlan<ArenaKernel>(prepared, options, {
    choose: chooseKernel,
    copy: (layout) =>
      sizeOf(layout.shape) < smallestNative ? { loop: copyLoop(layout) } : { native: copyKernel(layout) },
  });
}

function compile(engine: Engine, program: Program, options: CompileOptions): Executable {
  const prepared = prepare(program);
  const plan = planOf(prepared, options);
  const loops = loopsOf(plan);
  return loops ? new Interpreted(prepared, loops) : new ArenaProgram(engine, prepared, plan);
}

/** One line for each step: how it runs, and from which slots of the plan to which. */
function showPlan(engine: Engine, program: Program, plan: Plan<ArenaKernel>): string {
  const steps = plan.steps.map(({ kernel, inputs, outputs }) => {
    const how =
      'loop' in kernel
        ? 'loop'
        : kernel.native.stages
            .map(({ run, parts }) => `${kindOf(run)} in ${parts} part${parts === 1 ? '' : 's'}`)
            .join(', ');
    return `${outputs.map((i) => `#${i}`).join(' ')} = ${how} (${inputs.map((i) => `#${i}`).join(' ')})`;
  });
  const memory = loopsOf(plan)
    ? 'JavaScript buffers'
    : `${new ArenaProgram(engine, program, plan).bytes} bytes of WASM memory`;
  return [...steps, `results ${plan.results.map((i) => `#${i}`).join(' ')}`, `in ${memory}`].join('\n');
}

function kindOf({ module, name }: NativeFunction): string {
  return `${module.key.split(' ')[0]}.${name}`;
}

function chooseKernel(primitive: Primitive, context: LoweringContext<object>): ArenaKernel {
  if (primitive.id === fusedPrimitive.id) return { native: fusedKernel(context as LoweringContext<FusedParams>) };
  if (primitive.id === fusedReductionPrimitive.id) {
    const { reduction, body, axes } = context.params as FusedReductionParams;
    return { native: reduceKernel(reduction, body, context.inputs, axes) };
  }
  const kernel = (primitive.lower.wasm ?? primitive.lower.reference)(context);
  return typeof kernel === 'function' ? { loop: kernel } : { native: kernel };
}

/** The plan, if none of its kernels needs the engine. */
function loopsOf(plan: Plan<ArenaKernel>) {
  const steps = plan.steps.flatMap(({ kernel, ...rest }) =>
    'loop' in kernel ? [{ kernel: kernel.loop, ...rest }] : [],
  );
  return steps.length === plan.steps.length ? { ...plan, steps } : null;
}
