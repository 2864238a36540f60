// Builds the single-file binary: this Node with Usher's code, the web app and LMDB's native part in it. Needs
// dist/manager. By default it writes out/usher-<version>-linux-<arch>; beside it, the licences of what is in it.

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const arch = process.arch;
const out = resolve(process.argv[2] ?? join(root, `out/usher-${version}-linux-${arch}`));
if (process.platform !== 'linux') throw new Error('the binary is built on Linux, for Linux');

/** What is in the binary beside the code, at the same paths as in a checkout. */
const native = `node_modules/@lmdb/lmdb-linux-${arch}`;
const assets = [
  'package.json',
  'src/gen/openapi.yaml',
  'dist/manager/**/*',
  'node_modules/{grpc-health-check,@grpc/reflection}/proto/**/*',
  'node_modules/lmdb/package.json',
  `${native}/{package.json,index.js,node.napi.glibc.node}`,
];

/** The files of the packages whose code is in the bundle. */
const bundled = new Set();

/** Each file believes to be where it is in a checkout, since it looks there for others. */
const inPlace = {
  name: 'usher:in-place',
  enforce: 'pre',
  transform(code, id) {
    const [file] = id.split('?');
    if (!file.startsWith(`${root}/`)) return undefined;
    const path = relative(root, file);
    bundled.add(path);
    const text = code.replace(
      /\bimport\.meta\.(url|filename|dirname)\b|\b__(filename|dirname)\b/g,
      (_, ofModule, ofScript) => {
        const kind = ofModule ?? ofScript;
        if (kind === 'url') return `usherUrl(${JSON.stringify(path)})`;
        return `usherPath(${JSON.stringify(kind === 'dirname' ? dirname(path) : path)})`;
      },
    );
    return text === code ? undefined : { code: text, map: null };
  },
};
const banner =
  'const usherUrl = path => new URL(path, import.meta.url).href, ' +
  "usherPath = path => import.meta.dirname + '/' + path;";

/** The licences of Node and of the packages, each under its name. */
function licences() {
  const packages = [...bundled].flatMap(path => {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    return found === null ? [] : [found[1]];
  });
  const ofNode = resolve(dirname(process.execPath), '../LICENSE');
  const folders = [...new Set([...packages, native])].toSorted();
  const texts = folders.map(folder => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const [file] = globSync('{LICENSE,LICENCE,license,COPYING}*', { cwd: join(root, folder) });
    const text = file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8');
    return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${text}`;
  });
  if (existsSync(ofNode)) {
    texts.unshift(`node ${process.versions.node}\n\n${readFileSync(ofNode, 'utf8')}`);
  }
  texts.unshift(`usher ${version}\n\n${readFileSync(join(root, 'LICENSE'), 'utf8')}`);
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'usher-binary-'));
try {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    plugins: [inPlace],
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: 'src/binary.ts',
      outDir: folder,
      target: 'node26',
      rolldownOptions: {
        external: [/^node:/],
        // ordered-binary compiles its reader of texts so.
        checks: { eval: false },
        output: { format: 'esm', entryFileNames: 'usher.js', codeSplitting: false, banner },
      },
    },
  });
  const files = globSync(assets, { cwd: root, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
  if (!files.some(file => file.endsWith('dist/manager/index.html'))) {
    throw new Error('there is no dist/manager: npm run build:web makes it');
  }
  const config = {
    main: join(folder, 'usher.js'),
    mainFormat: 'module',
    output: out,
    disableExperimentalSEAWarning: true,
    useVfs: true,
    assets: Object.fromEntries(files.map(file => [relative(root, file), file])),
  };
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
  mkdirSync(dirname(out), { recursive: true });
  execFileSync(process.execPath, ['--build-sea', join(folder, 'sea.json')], { stdio: 'ignore' });
  writeFileSync(`${out}.licenses.txt`, licences());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
