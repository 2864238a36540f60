/** Brings a form up to date with what someone else changed meanwhile. */

/** What became of the form. */
export interface Rebased<Form> {
  /** The user's values where they changed something, the newest ones elsewhere. */
  values: Form;
  /** The fields that the other one changed. */
  theirs: (keyof Form)[];
  /** Those of them that the user changed too, to another value: saving overwrites them. */
  both: (keyof Form)[];
}

/** `mine` was typed over `before`, and the newest values are `now`. */
export function rebase<Form extends object>(before: Form, mine: Form, now: Form): Rebased<Form> {
  const names = Object.keys(now) as (keyof Form)[];
  const differs = (a: Form, b: Form, name: keyof Form) =>
    JSON.stringify(a[name]) !== JSON.stringify(b[name]);
  const theirs = names.filter(name => differs(before, now, name));
  const own = names.filter(name => differs(before, mine, name));
  const kept = Object.fromEntries(own.map(name => [name, mine[name]]));
  return {
    values: { ...now, ...kept },
    theirs,
    both: theirs.filter(name => own.includes(name) && differs(mine, now, name)),
  };
}
