/** Sorts the test files into vitest's projects, by what each one needs to run. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { importsOf } from './imports.ts';
import { findProgram, type ProgramName, programNames } from './programs.ts';

/**
 * What a test needs: only `npm ci` (unit), processes of its own (servers), the gateways, the built
 * documentation (site), or several minutes (promise).
 */
export type ProjectName = 'unit' | 'servers' | 'gateways' | 'site' | 'promise';

/** A test file. */
export interface TestFile {
  /** From the root of the repository. */
  path: string;
  project: ProjectName;
  /** The programs that it starts. */
  needs: ProgramName[];
}

const root = resolve(import.meta.dirname, '..');
/** A test that imports one of these, directly or not, starts processes. */
const starters = [
  'test/program.ts',
  'test/server/usher-process.ts',
  'test/server/own-workers.ts',
  'test/cli/run-usher.ts',
  'test/fuzz/run-fuzz.ts',
  'test/client/packed.ts',
  'test/store/lmdb/bend.ts',
];
/** Long ones that start no process: they would make `npm run check` twice as long. */
const long = [
  ...['lmdb', 'mtls', 'token'].map(name => `transport/parity/${name}`),
  ...['client/promise', 'model/promise', 'people/provider-sign-in', 'people/rights'],
  ...['server/count-verdicts', 'store/lmdb/data-file', 'transport/kept-buffers'],
  ...[
    'transport/grpc/hostile',
    'transport/grpc/lifetime',
    'transport/http/stall',
    'transport/stop',
  ],
  ...['transport/tls/handshakes', 'server/verify-access', 'server/verify-callers'],
].map(name => `test/${name}.test.ts`);
const slow = ['test/model/real.test.ts', 'test/chaos/chaos.test.ts'];

/** All test files. A file that imports a starter, directly or not, is no unit test. */
export function sortTests(): TestFile[] {
  const sources = new Map<string, Source>();
  return globSync('test/**/*.test.ts', { cwd: root })
    .sort()
    .map(path => {
      const reached = reachedFrom(path, sources);
      const needs = new Set([...reached].flatMap(each => read(each, sources).needs));
      return {
        path,
        project: projectOf(path, starters.some(each => reached.has(each)) || long.includes(path)),
        needs: [...needs],
      };
    });
}

/** A test file that cannot run here, and the programs that it lacks. */
export interface LeftOut extends TestFile {
  missing: ProgramName[];
}

/** The files that cannot run on this machine. */
export function findLeftOut(files: readonly TestFile[]): LeftOut[] {
  const missing = programNames.filter(name => findProgram(name) === undefined);
  return files
    .map(file => ({ ...file, missing: file.needs.filter(name => missing.includes(name)) }))
    .filter(file => file.missing.length > 0);
}

function projectOf(path: string, startsProcesses: boolean): ProjectName {
  if (path.startsWith('test/gateways/')) return 'gateways';
  if (path.startsWith('test/site/')) return 'site';
  if (slow.includes(path)) return 'promise';
  return startsProcesses ? 'servers' : 'unit';
}

interface Source {
  imports: string[];
  needs: ProgramName[];
}

function reachedFrom(start: string, sources: Map<string, Source>): Set<string> {
  const reached = new Set([start]);
  for (const path of reached) {
    for (const to of read(path, sources).imports) reached.add(to);
  }
  return reached;
}

const isFile = (path: string) => existsSync(resolve(root, path));

function read(path: string, sources: Map<string, Source>): Source {
  const known = sources.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(resolve(root, path), 'utf8');
  const source = {
    imports: importsOf(path, text).filter(to => to.startsWith('test/') && isFile(to)),
    needs: programNames.filter(name => text.includes(`program('${name}')`)),
  };
  sources.set(path, source);
  return source;
}
