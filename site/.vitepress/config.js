/** The site is docs as it is, with a page for each table that the code makes (see pages.js). */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { defineConfig } from 'vitepress';

const root = resolve(import.meta.dirname, '../..');

const source = 'https://github.com/usher-auth/usher/blob/main';

/** The pages of docs/README.md, in its order. */
const pages = [
  ...readFileSync(join(root, 'docs/README.md'), 'utf8').matchAll(
    /^\| \[([^\]]+)\]\(([\w-]+)\.md\)/gm,
  ),
];
const textOf = name => pages.find(([, , page]) => page === name)?.[1] ?? name;
const link = name => ({ text: textOf(name), link: `/${name}` });
const groups = {
  'Use it': [
    'jwt',
    'verdicts',
    'clients',
    'sdk',
    'gateways',
    'limits-and-sources',
    'counting-limits',
  ],
  'Run it': [
    'installing',
    'safe-deployment',
    'settings',
    'command-line',
    'running',
    'redis',
    'tls',
    'keys',
  ],
  'Trust it': ['caching', 'incidents', 'chaos', 'benchmarks', 'scaling', 'engine', 'asvs'],
};
const grouped = new Set(Object.values(groups).flat());
const others = pages.map(([, , name]) => name).filter(name => !grouped.has(name));

/** Links that leave docs lead to the source. */
function sourceLinks(markdown) {
  // The pages have no HTML of their own; `<id>` is text.
  markdown.set({ html: false });
  const usual =
    markdown.renderer.rules.link_open ??
    ((tokens, n, options, _, self) => self.renderToken(tokens, n, options));
  markdown.renderer.rules.link_open = (tokens, n, options, env, self) => {
    const href = tokens[n].attrGet('href') ?? '';
    if (href.startsWith('../')) {
      const path = normalize(join('docs', dirname(env.relativePath ?? ''), href));
      const [file] = path.split('#');
      if (!file.startsWith('docs/') && existsSync(join(root, file)))
        tokens[n].attrSet('href', `${source}/${path}`);
    }
    return usual(tokens, n, options, env, self);
  };
}

export default defineConfig({
  title: 'Usher',
  description: 'The one service that knows whether a token is good.',
  srcDir: 'pages',
  outDir: join(root, 'out/site'),

  cleanUrls: true,
  lastUpdated: false,
  rewrites: { 'README.md': 'index.md', 'decisions/README.md': 'decisions/index.md' },
  // A page that is not there fails the build; addresses of one's own machine are examples.
  ignoreDeadLinks: [/^https?:\/\/(localhost|127\.)/, /^\.\.\//, /^\.\/\.\.\//],
  markdown: { config: sourceLinks },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: 'https://github.com/usher-auth/usher' }],
    sidebar: [
      ...Object.entries(groups).map(([text, names]) => ({ text, items: names.map(link) })),
      { text: 'More', items: others.map(link) },
      {
        text: 'Reference',
        items: [
          { text: 'The API', link: '/reference/api' },
          { text: 'The command line', link: '/reference/command-line' },
          { text: 'Decisions', link: '/decisions/' },
        ],
      },
    ],
  },
});
