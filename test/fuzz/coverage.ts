/**
 * Tells which inputs reach new code: the code under test is instrumented while Node loads it, with a
 * counter in each branch. V8's own coverage needs milliseconds for each reading, and this none.
 */

import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vite';

/** Most branches that are counted. */
const branchesMax = 2 ** 16;

/** How often each branch ran in the play in progress, modulo 256. Instrumented code finds it by name. */
const counts = new Uint8Array(branchesMax);
Object.assign(globalThis, { fuzzedBranches: counts });

/** A branch of the code under test. */
interface Branch {
  path: string;
  line: number;
}

const branches: Branch[] = [];

/** Instruments what is imported from now on, where its path begins with one of these. */
export function instrument(root: string, prefixes: readonly string[]): void {
  registerHooks({
    load(url, context, nextLoad) {
      const path = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : '';
      if (!prefixes.some(prefix => path.startsWith(prefix))) return nextLoad(url, context);
      const source = instrumented(path, readFileSync(fileURLToPath(url), 'utf8'));
      return { format: 'module-typescript', source, shortCircuit: true };
    },
  });
}

/** A node of the syntax tree (ESTree). */
interface Node {
  type: string;
  start: number;
  end: number;
  [name: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

/** Texts to insert at an offset: those that close something come before those that open something. */
interface Insertion {
  close: string;
  open: string;
}

class Insertions {
  readonly #at = new Map<number, Insertion>();

  #of(at: number): Insertion {
    const known = this.#at.get(at) ?? { close: '', open: '' };
    this.#at.set(at, known);
    return known;
  }

  open(at: number, text: string): void {
    this.#of(at).open += text;
  }

  close(at: number, text: string): void {
    this.#of(at).close += text;
  }

  into(source: string): string {
    let last = 0;
    let result = '';
    for (const [at, { close, open }] of [...this.#at].sort(([a], [b]) => a - b)) {
      result += source.slice(last, at) + close + open;
      last = at;
    }
    return result + source.slice(last);
  }
}

/** The source with a counter in each branch; its lines stay where they are. */
function instrumented(path: string, source: string): string {
  const insertions = new Insertions();
  const counter = (at: number) => {
    const line = source.slice(0, at).split('\n').length;
    return `fuzzedBranches[${branches.push({ path, line }) - 1}]++`;
  };
  const statement = (node: unknown) => {
    if (!isNode(node)) return;
    if (node.type === 'BlockStatement') insertions.open(node.start + 1, `${counter(node.start)};`);
    else insertions.open(node.start, `{${counter(node.start)};`);
  };
  const closeStatement = (node: unknown) => {
    if (isNode(node) && node.type !== 'BlockStatement') insertions.close(node.end, '}');
  };
  const expression = (node: unknown) => {
    if (isNode(node)) insertions.open(node.start, `(${counter(node.start)},`);
  };
  const closeExpression = (node: unknown) => {
    if (isNode(node)) insertions.close(node.end, ')');
  };

  const enter = (node: Node, open: (node: unknown) => void, openValue: (node: unknown) => void) => {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (isNode(node.body) && node.body.type === 'BlockStatement') open(node.body);
        else openValue(node.body);
        break;
      case 'IfStatement':
        open(node.consequent);
        open(node.alternate);
        break;
      case 'ForStatement':
      case 'ForOfStatement':
      case 'ForInStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'CatchClause':
        open(node.body);
        break;
      case 'ConditionalExpression':
        openValue(node.consequent);
        openValue(node.alternate);
        break;
      case 'LogicalExpression':
        openValue(node.right);
        break;
    }
  };
  const visit = (node: Node) => {
    const opened: [node: unknown, close: (node: unknown) => void][] = [];
    enter(
      node,
      child => opened.push([child, closeStatement]),
      child => opened.push([child, closeExpression]),
    );
    for (const [name, value] of Object.entries(node)) {
      if (name === 'type') continue;
      for (const child of Array.isArray(value) ? value : [value]) {
        if (!isNode(child)) continue;
        const close = opened.find(([each]) => each === child)?.[1];
        if (close === closeStatement) statement(child);
        if (close === closeExpression) expression(child);
        if (node.type === 'SwitchCase' && child === (node.consequent as Node[])[0]) {
          insertions.open(child.start, `${counter(child.start)};`);
        }
        visit(child);
        close?.(child);
      }
    }
    if (node.type === 'IfStatement' && !isNode(node.alternate)) {
      insertions.close(node.end, ` else {${counter(node.end)}}`);
    }
  };
  visit(parseAst(source, { lang: 'ts' }) as unknown as Node);
  if (branches.length > branchesMax) throw new Error(`more than ${branchesMax} branches`);
  return insertions.into(source);
}

/** Which branches ran, and about how often: as a bit of a byte, as other fuzzers do. */
function bucket(count: number): number {
  if (count < 4) return 1 << (count - 1);
  return 1 << Math.min(7, Math.floor(Math.log2(count)) + 1);
}

const buckets = Uint8Array.from({ length: 256 }, (_, count) => (count === 0 ? 0 : bucket(count)));

/** Of all plays of the process: the branches that ran at all. */
const reached = new Uint8Array(branchesMax);

/** What the plays of one target have reached. */
export class Coverage {
  readonly #seen = new Uint8Array(branchesMax);
  readonly #isCoarse: boolean;
  #features = 0;

  /** A coarse one does not look at how often a branch ran. */
  constructor(isCoarse = false) {
    this.#isCoarse = isCoarse;
  }

  /** Forgets what ran since the last play, or while the code was loaded. */
  static begin(): void {
    for (let n = 0; n < branches.length; n++) if (counts[n] !== 0) reached[n] = 1;
    counts.fill(0, 0, branches.length);
  }

  /** How many branches the play since `begin` took that none took so far, or not as often. */
  take(): number {
    let news = 0;
    for (let n = 0; n < branches.length; n++) {
      const count = counts[n] as number;
      if (count === 0) continue;
      const bit = this.#isCoarse ? 1 : (buckets[count] as number);
      const seen = this.#seen[n] as number;
      if ((seen & bit) !== 0) continue;
      this.#seen[n] = seen | bit;
      news++;
    }
    this.#features += news;
    return news;
  }

  /** All that was reached: branches, each as often as there are counts of it that differ. */
  get features(): number {
    return this.#features;
  }
}

/** How many branches there are, how many were taken, and the lines of those that were not. */
export function summary(): { all: number; taken: number; missed: string[] } {
  Coverage.begin();
  const missed = branches
    .filter((_, n) => reached[n] === 0)
    .map(({ path, line }) => `${path}:${line}`);
  const all = branches.length;
  return { all, taken: all - missed.length, missed: [...new Set(missed)] };
}
