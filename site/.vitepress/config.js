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
  'Manage it': [
    'api-manager',
    'people',
    'invitations',
    'finding-tokens',
    'jobs',
    'audit-log',
    'leaks',
    'webhooks',
  ],
  'Run it': [
    'installing',
    'safe-deployment',
    'settings',
    'command-line',
    'running',
    'upgrading',
    'backup',
    'redis',
    'tls',
    'keys',
    'incidents',
  ],
  'Trust it': ['caching', 'chaos', 'benchmarks', 'compare', 'scaling', 'engine', 'asvs'],
};
const grouped = new Set(Object.values(groups).flat());
const others = pages.map(([, , name]) => name).filter(name => !grouped.has(name));

/** Links that leave docs, and those to files that are no pages, lead to the source. */
function sourceLinks(markdown) {
  // The pages have no HTML of their own; `<id>` is text.
  markdown.set({ html: false });
  const usual =
    markdown.renderer.rules.link_open ??
    ((tokens, n, options, _, self) => self.renderToken(tokens, n, options));
  markdown.renderer.rules.link_open = (tokens, n, options, env, self) => {
    const href = tokens[n].attrGet('href') ?? '';
    tokens[n].attrSet('href', siteLink(href, dirname(env.relativePath ?? '')));
    return usual(tokens, n, options, env, self);
  };
}

/** Where a link of a page in a folder of docs leads on the site. */
function siteLink(href, folder) {
  if (/^(?:[a-z]+:|#|\/)/.test(href)) return href;
  const path = normalize(join('docs', folder, href));
  const [file] = path.split('#');
  const isPage = file.startsWith('docs/') && file.endsWith('.md');
  if (!isPage && existsSync(join(root, file))) return `${source}/${path}`;
  // Those pages are the index of their folder (see rewrites).
  return href.replace(/README\.md(?=#|$)/, 'index.md');
}

/** The anchor of a heading, as GitHub makes it, so that one link serves both. */
const slugOf = text =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

export default defineConfig({
  title: 'Usher',
  description: 'The one service that knows whether a token is good.',
  srcDir: 'pages',
  outDir: join(root, 'out/site'),

  cleanUrls: true,
  lastUpdated: false,
  rewrites: { 'README.md': 'index.md', 'decisions/README.md': 'decisions/index.md' },
  // A page that is not there fails the build; addresses of one's own machine are examples. What leaves docs,
  // and each anchor, is checked by test/site/links.test.ts.
  ignoreDeadLinks: [/^https?:\/\/(localhost|127\.)/, /^\.\.\//, /^\.\/\.\.\//],
  markdown: {
    config: sourceLinks,
    anchor: { slugify: slugOf },
    languageAlias: { caddyfile: 'nginx', haproxy: 'ini' },
    // The usual ones have comments of less than 4.5:1 (WCAG 1.4.3).
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: 'https://github.com/usher-auth/usher' }],
    sidebar: [
      ...Object.entries(groups).map(([text, names]) => ({ text, items: names.map(link) })),
      ...(others.length === 0 ? [] : [{ text: 'More', items: others.map(link) }]),
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
