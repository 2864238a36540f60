/** Checks the rules for all files: which folder may import which, sizes, names and comments. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf } from './imports.ts';

/** Programs that use the JWT libraries of other languages, by the rules of those. */
const generators = /^test\/jwt-corpus\/(python|js|go|ruby|rust|java|php)\//;
const tracked = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' })
  .split('\0')
  .filter(path => path !== '' && existsSync(path) && !generators.test(path));
const read = (path: string) => readFileSync(path, 'utf8');
const self = 'test/tidy.test.ts';
const code = tracked
  .filter(
    path =>
      path !== self &&
      /\.[jt]sx?$/.test(path) &&
      !path.startsWith('src/gen/') &&
      !path.startsWith('site/'),
  )
  .map(path => ({ path, text: read(path), imports: importsOf(path, read(path)) }));
const source = code.filter(({ path }) => path.startsWith('src/'));
const server = source.filter(({ path }) => !path.startsWith('src/manager/web/'));

/** What each room may import besides itself. A room is the first path segment below src. */
const rooms: Record<string, readonly string[]> = {
  main: ['command'],
  binary: ['command', 'store', 'main'],
  command: ['server', 'settings', 'cli', 'log-output'],
  log: ['log-output'],
  'log-output': [],
  version: [],
  server: [
    'transport',
    'leaks',
    'manager',
    'people',
    'tokens',
    'verify',
    'limiting',
    'store',
    'settings',
    'outbound',
    'caching',
    'timing',
    'reading',
    'tracing',
    'log',
    'log-output',
    'version',
    'main',
    'webhooks',
    'notices',
  ],
  transport: [
    'leaks',
    'manager',
    'people',
    'tokens',
    'verify',
    'limiting',
    'store',
    'caching',
    'timing',
    'reading',
    'tracing',
    'gen',
    'webhooks',
    'notices',
  ],
  notices: ['webhooks', 'tokens', 'store'],
  webhooks: ['tokens', 'verify', 'store', 'outbound', 'timing', 'reading'],
  tracing: ['store'],
  manager: ['people', 'tokens', 'verify', 'store', 'outbound', 'reading'],
  people: ['tokens', 'verify', 'store', 'outbound'],
  leaks: ['tokens', 'verify', 'store', 'outbound', 'reading', 'timing'],
  tokens: ['verify', 'store', 'outbound', 'caching', 'reading', 'wording', 'timing'],
  verify: ['limiting', 'store', 'caching'],
  limiting: ['store', 'caching'],
  store: ['caching', 'timing', 'reading', 'tls'],
  caching: [],
  timing: [],
  reading: [],
  tls: [],
  outbound: ['timing', 'tls', 'reading'],
  wording: [],
  settings: ['people', 'verify', 'store', 'outbound', 'reading', 'timing', 'tls'],
  cli: ['api', 'settings', 'reading', 'version', 'tls', 'wording'],
  api: ['client', 'gen', 'tls', 'wording'],
  client: ['gen', 'caching', 'reading', 'tls'],
  // Bundled separately, for browsers.
  web: ['gen', 'manager', 'wording'],
  gen: [],
};

/** The same for the folders inside a room. Files beside the folders are the room's contract. */
const folders: Record<string, Record<string, readonly string[]>> = {
  transport: {
    doors: ['services', 'http', 'rpc', 'codec'],
    connect: ['http', 'rpc', 'codec'],
    grpc: ['h2', 'rpc', 'codec', 'tls'],
    'grpc-js': ['rpc', 'codec', 'tls'],
    h2: [],
    http: ['h2', 'rpc', 'codec', 'tls'],
    tls: ['rpc'],
    services: ['rpc', 'codec'],
    rpc: [],
    codec: [],
  },
  store: {
    // The only file of the contract that may import the folders.
    'open.ts': ['', 'redis', 'lmdb', 'cache', 'continuity'],
    '': [],
    redis: ['', 'cache', 'continuity', 'format'],
    lmdb: ['', 'cache', 'continuity', 'format'],
    continuity: [''],
    cache: [''],
    format: [''],
  },
};

function roomOf(path: string): string {
  if (path.startsWith('src/manager/web/')) return 'web';
  return basename(path.split('/')[1] ?? '', '.ts');
}

/** The folder of a file inside its room; '' for a file beside the folders. */
const folderOf = (path: string) => path.split('/').slice(2, -1)[0] ?? '';

/** Packages that only certain files may import. */
const owners: Record<string, RegExp> = {
  jose: /^src\/tokens\/issue\.ts$/,
  ioredis: /^src\/store\/redis\//,
  lmdb: /^src\/store\/lmdb\/(tables|read-all)\.ts$/,
  '@grpc/grpc-js': /^src\/transport\/grpc-js\//,
  '@grpc/reflection': /^src\/transport\/grpc-js\/reflection\.ts$/,
  'grpc-health-check': /^src\/transport\/grpc-js\/health\.ts$/,
  '@connectrpc/connect-node':
    /^src\/(transport\/connect\/listener|api\/connect|client\/[\w-]+)\.ts$/,
  '@connectrpc/connect-web': /^src\/(api|client|manager\/web)\//,
  '@connectrpc/connect': /^src\/(transport\/connect|api|client|manager\/web)\//,
  '@bufbuild/protobuf': /^src\/(transport|api|client|manager\/web)\//,
  canonicalize: /^src\/(store\/audit|tokens\/change|api\/audit-chain)\.ts$/,
  uuid: /^src\/(tokens|people|manager|leaks|webhooks|notices)\//,
  'openid-client': /^src\/people\/provider\.ts$/,
  '@simplewebauthn/server': /^src\/people\/webauthn\.ts$/,
  '@simplewebauthn/browser': /^src\/manager\/web\//,
  'lru-cache': /^src\/(caching|store|verify|client)\//,
  pino: /^src\/log\.ts$/,
  'prom-client': /^src\/server\/metrics\//,
  sirv: /^src\/manager\/[\w-]+\.ts$/,
  commander: /^src\/cli\//,
  '@peculiar/x509': /^src\/cli\/dev-certs\/certificate\.ts$/,
  'reflect-metadata': /^src\/cli\/dev-certs\/certificate\.ts$/,
  'cli-table3': /^src\/cli\/terminal\.ts$/,
  'csv-stringify': /^src\/wording\/csv\.ts$/,
  picocolors: /^src\/cli\/terminal\.ts$/,
  // For questions alone: in files, src/reading/lines.ts leaves U+2028 in its line.
  'node:readline': /^src\/cli\/(confirm|hidden-input|job-run)\.ts$/,
};

/** Lines that break a rule, as "path:line: text". */
function linesWith(pattern: RegExp, files: { path: string; text: string }[]): string[] {
  return files
    .filter(({ path }) => path !== self)
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, n) => (pattern.test(line) ? `${path}:${n + 1}: ${line.trim()}` : ''))
        .filter(found => found !== ''),
    );
}

test('importsOf finds every form of import', () => {
  const text = [
    "import { a } from './a.ts';",
    "import type {\n  B,\n} from '../b.ts';",
    "export { c } from '@scope/c/deep';",
    "import 'd/deep.css';",
    "const e = await import('./e.ts');",
    'const g = import(\n  `./g.ts`\n);',
    "new Worker(new URL('./f.ts', import.meta.url));",
    "spawn(new URL('h.ts', import.meta.url));",
    "new URL('no-file.ts', 'http://host');",
    "const text = 'copied from'; // from './not.ts'",
  ].join('\n');
  const [local, packages] = [
    ['e', 'g', 'f', 'h'].map(name => `src/x/${name}.ts`),
    ['@scope/c', 'd'],
  ];
  const seen = ['src/x/a.ts', 'src/b.ts', ...packages, ...local];
  expect(importsOf('src/x/y.ts', text)).toEqual(seen);
});

test('the checks find files to read', () => {
  expect(source.length).toBeGreaterThan(50);
  expect(source.flatMap(({ imports }) => imports).length).toBeGreaterThan(200);
});

describe('imports', () => {
  test('run one way between the rooms', () => {
    const wrong = source.flatMap(({ path, imports }) => {
      const from = roomOf(path);
      const strange = imports.filter(to => {
        if (to.startsWith('src/')) {
          return roomOf(to) !== from && !rooms[from]?.includes(roomOf(to));
        }
        return to.startsWith('test/') || to.startsWith('bench/');
      });
      return strange.map(to => `${path} imports ${to}`);
    });
    expect(wrong).toEqual([]);
  });

  test('run one way between the folders of a room', () => {
    const wrong = source.flatMap(({ path, imports }) => {
      const allowed = folders[roomOf(path)];
      if (allowed === undefined) return [];
      const inside = imports.filter(to => to.startsWith('src/') && roomOf(to) === roomOf(path));
      return inside
        .filter(to => folderOf(to) !== folderOf(path))
        .filter(to => !(allowed[basename(path)] ?? allowed[folderOf(path)])?.includes(folderOf(to)))
        .map(to => `${path} imports ${to}`);
    });
    expect(wrong).toEqual([]);
  });

  test('of some packages come only from the files that own them', () => {
    const wrong = source.flatMap(({ path, imports }) =>
      imports.filter(to => owners[to]?.test(path) === false).map(to => `${path} imports ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test('name files that exist, and packages in package.json', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    const wrong = code.flatMap(({ path, imports }) => {
      const needed = path.startsWith('src/') && roomOf(path) !== 'web';
      const named = needed ? dependencies : { ...dependencies, ...devDependencies };
      const missing = imports.filter(to => {
        const ours = /^(?:src|test|bench|scripts|deploy)\//.test(to);
        return !to.startsWith('node:') && !(ours ? existsSync(to) : Object.hasOwn(named, to));
      });
      return missing.map(to => `${path} imports ${to}`);
    });
    expect(wrong).toEqual([]);
  });

  test('reach every file of src', () => {
    const entries = [
      'src/main.ts',
      'src/binary.ts',
      'src/client/index.ts',
      'src/client/node.ts',
      'src/manager/web/main.tsx',
      'src/manager/web/vite.config.ts',
    ];
    const imports = new Map(code.map(file => [file.path, file.imports]));
    const reached = new Set<string>();
    const visit = (path: string) => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const to of imports.get(path) ?? []) visit(to);
    };
    for (const entry of entries) visit(entry);
    expect(source.map(({ path }) => path).filter(path => !reached.has(path))).toEqual([]);
  });
});

describe('files', () => {
  test('are at most 300 lines long, tests 400', () => {
    const long = code
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (path.startsWith('test/') ? 400 : 300));
    expect(long).toEqual([]);
  });

  test('have unique names, in kebab-case', () => {
    const drawers = /^(utils?|helpers?|common|types|constants|shared|lib|misc)$/;
    const wrong = tracked
      .filter(path => /^(src|test|bench)\//.test(path) && !path.startsWith('src/gen/'))
      // Cargo prescribes these names.
      .filter(path => !/\/Cargo\.(toml|lock)$/.test(path))
      .filter(path => basename(path) !== 'README.md')
      .filter(path => {
        const parts = path.split('/').map(part => part.replace(/(\.\w+)+$/, ''));
        return parts.some(part => drawers.test(part) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part));
      });
    expect(wrong).toEqual([]);
  });

  test('that test one file of src stand where it stands', () => {
    const wrong = code.filter(({ path, imports }) => {
      if (!path.endsWith('.test.ts')) return false;
      const mirrored = path.replace(/^test\/(.*)\.test\.ts$/, 'src/$1.ts');
      const sameName = new Set(
        imports.filter(to => to.startsWith('src/') && basename(to) === basename(mirrored)),
      );
      return sameName.size === 1 && !sameName.has(mirrored) && !existsSync(mirrored);
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('start with a sentence that says what they are for', () => {
    const silent = source.filter(({ text }) => !/^(#!.*\n)?\/(\*\*|\/) ?\S|^\/\*\*\n/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});

test('every exported declaration of src has a doc comment', () => {
  const declared =
    /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type) [\w$]/;
  const silent = server.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines
      .filter((line, n) => declared.test(line) && !lines[n - 1]?.trimEnd().endsWith('*/'))
      .map(line => `${path}: ${line}`);
  });
  expect(silent).toEqual([]);
});

describe('code has no', () => {
  const text = tracked
    .filter(path => /\.([jt]sx?|md|proto|sh|ya?ml|css|html)$|Dockerfile/.test(path))
    .filter(path => !path.startsWith('src/gen/'))
    .map(path => ({ path, text: read(path) }));
  test.each<[string, RegExp]>([
    ['work left over', /\b(?:TODO|FIXME|XXX)\b/],
    [
      'silenced compiler or linter',
      /@ts-(?:ignore|expect-error|nocheck)|(?:biome|eslint)-(?:ignore|disable)/,
    ],
    ['machine path', /(?:^|[\s'"`(=])\/(?:work|home|Users)\//],
  ])('%s', (_, pattern) => expect(linesWith(pattern, text)).toEqual([]));

  test.each<[string, RegExp]>([
    ['any', /\bas any\b|:\s*any\b(?![\w'])(?=\s*[;,)=\]|>])|<any>/],
    [
      'test left out, or run alone',
      /\b(?:test|it|describe|suite|bench)(?:\.\w+)*\.(?:only|skip|todo)\b/,
    ],
    [
      'enum or namespace, which type stripping cannot run',
      /^\s*(?:export |declare |const )*(?:enum|namespace) \w/,
    ],
    ['import of ours without its ending', /\bfrom '\.{1,2}\/[^']*(?<!\.(?:[jt]sx?|css|json|svg))'/],
    [
      'built-in module without node:',
      /\bfrom '(?:fs|path|crypto|net|http2?|os|util|url|stream|events|zlib)'/,
    ],
  ])('%s', (_, pattern) => expect(linesWith(pattern, code)).toEqual([]));
});

// Unit tests share their modules: such a hook would run for the first file alone.
test('no helper of tests has a hook of its own: it uses onTestFinished', () => {
  const helpers = code.filter(({ path }) => /^test\/.*(?<!\.test)\.ts$/.test(path));
  expect(linesWith(/^(?:before|after)(?:Each|All)\(/, helpers)).toEqual([]);
});

test('only lazily loaded components and configuration are default exports', () => {
  const files = code.filter(({ path }) => !/^src\/manager\/web\/.*\.tsx$/.test(path));
  expect(linesWith(/^export default (?!defineConfig)/, files)).toEqual([]);
});

test('every Markdown file has exactly one title', () => {
  const titles = tracked
    .filter(path => path.endsWith('.md'))
    .map(path => {
      const prose = read(path).replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
      return { path, titles: prose.match(/^# /gm)?.length ?? 0 };
    });
  expect(titles.filter(({ titles }) => titles !== 1)).toEqual([]);
});

test('the transport gets verdicts only through DoorVerify, which counts them', () => {
  const transport = server.filter(({ path }) => path.startsWith('src/transport/'));
  expect(linesWith(/\bVerify\b.* from '.*\/verify\/verify\.ts'/, transport)).toEqual([]);
});

test('only store/awaitable.ts handles a value that may be a promise', () => {
  const others = source.filter(({ path }) => path !== 'src/store/awaitable.ts');
  const promise = /instanceof Promise\b|\bisPromise\b|typeof \w+\.then\b/;
  expect(linesWith(promise, others)).toEqual([]);
});

test('links between files lead to files', () => {
  const broken = tracked
    .filter(path => path.endsWith('.md'))
    .flatMap(path => {
      const prose = read(path).replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
      const links = [...prose.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)].map(([, to = '']) => to);
      return links
        .filter(to => !/^(https?|mailto):/.test(to) && !existsSync(join(dirname(path), to)))
        .map(to => `${path} links to ${to}`);
    });
  expect(broken).toEqual([]);
});

test('the lock files name no registry', () => {
  const locks = tracked.filter(path => path.endsWith('package-lock.json'));
  expect(locks.length).toBeGreaterThan(1);
  for (const path of locks) expect(read(path)).not.toContain('"resolved"');
});

test('every proto names its Go package, so that the API can be generated as it is', () => {
  const protos = tracked.filter(path => path.endsWith('.proto'));
  expect(protos.length).toBeGreaterThan(10);
  expect(protos.filter(path => !/^option go_package = "/m.test(read(path)))).toEqual([]);
});
