import { ArgumentError, NDArray, type ShapedType, ShapeError } from '@forback/core';

/** The feedback of a model: a tree of arrays, to be kept and saved with the parameters. Names are paths of parameters. */
export interface Feedback {
  /** Not for the optimiser: constant, or changed by `mirrorFeedback` alone. Weight decay must not touch it either. */
  readonly fixed: { readonly [name: string]: NDArray };
  /** Is trained with the parameters, by the same optimiser with the same weight decay. */
  readonly learned: { readonly [name: string]: NDArray };
}

/** Looks feedback up, or makes it where none was given. */
export class FeedbackStore {
  private readonly made: Record<keyof Feedback, Record<string, NDArray>> = { fixed: {}, learned: {} };

  constructor(
    private readonly rule: string,
    private readonly given: Feedback | undefined,
  ) {
    if (given === undefined) return;
    if (typeof given === 'object' && given !== null && isRecord(given.fixed) && isRecord(given.learned)) return;
    throw new ArgumentError(
      `feedback for ${rule}: expected { fixed, learned } as initFeedback returns it, got ${given === null ? 'null' : typeof given}`,
    );
  }

  /** @throws ArgumentError, ShapeError where the given feedback has no such entry, or one of another type. */
  get(part: keyof Feedback, name: string, type: ShapedType, make: () => NDArray): NDArray {
    if (this.given === undefined) {
      this.made[part][name] ??= checkMade(this.rule, name, type, make());
      return this.made[part][name];
    }
    const found = this.given[part][name];
    const help = 'make it with initFeedback for this rule, loss and parameters';
    if (!(found instanceof NDArray)) {
      const names = Object.keys(this.given[part]).join(', ') || 'nothing';
      throw new ArgumentError(
        `feedback for ${this.rule}: expected ${part} to have the array ${name}, got ${names}; ${help}`,
      );
    }
    if (showType(found) !== showType(type)) {
      throw new ShapeError(
        `feedback for ${this.rule}: expected ${part} ${name} to be ${showType(type)}, got ${showType(found)}; ${help}`,
      );
    }
    return found;
  }

  /** What was given, or made so far. */
  get feedback(): Feedback {
    return this.given ?? { fixed: { ...this.made.fixed }, learned: { ...this.made.learned } };
  }
}

/**
 * An initialiser of the user's may give anything.
 *
 * @throws ShapeError unless it has given an array of the type asked for.
 */
export function checkMade(rule: string, name: string, type: ShapedType, made: NDArray): NDArray {
  if (made instanceof NDArray && showType(made) === showType(type)) return made;
  const got = made instanceof NDArray ? showType(made) : typeof made;
  throw new ShapeError(`${rule}: expected init to give ${showType(type)} for ${name}, got ${got}`);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function showType({ dtype, shape }: ShapedType): string {
  return `${dtype}[${shape.join(', ')}]`;
}
