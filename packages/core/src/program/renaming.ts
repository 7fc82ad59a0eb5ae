import type { Atom, Var } from './program';

/** Which values stand for which variables that a pass has dropped. */
export class Renaming {
  readonly #atoms = new Map<number, Atom>();

  of(atom: Atom): Atom {
    return atom.kind === 'var' ? (this.#atoms.get(atom.id) ?? atom) : atom;
  }

  replace(dropped: readonly Var[], by: readonly Atom[]): void {
    dropped.forEach((v, i) => {
      this.#atoms.set(v.id, this.of(by[i] as Atom));
    });
  }
}
