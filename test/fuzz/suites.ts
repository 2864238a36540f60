/** What there is to fuzz. */

import type { Target } from './target.ts';

/** Targets that belong together, with the code that they are about. */
export interface Suite {
  /** Paths, or their beginnings, of the code whose branches are counted. */
  covers: readonly string[];
  /** Imports the targets, and with them the code. */
  load(): Promise<readonly Target[]>;
}

const inVerify = (name: string) => `src/verify/${name}.ts`;

/** By the name that the command takes. */
export const suites: Readonly<Record<string, Suite>> = {
  h2: {
    covers: ['src/transport/h2/', 'src/transport/grpc/', 'src/transport/rpc/grpc-timeout.ts'],
    load: async () => (await import('./h2/targets.ts')).targets,
  },
  parsers: {
    covers: [
      ...['credential', 'static-token', 'jwt', 'strict-json', 'json-depth', 'claims'].map(inVerify),
      'src/caching/canonical-header.ts',
      'src/reading/',
      'src/transport/codec/decode',
      'src/transport/codec/plain-wire.ts',
      'src/transport/connect/json.ts',
      'src/transport/connect/json-depth.ts',
      'src/transport/connect/unknown-member.ts',
      'src/transport/doors/forward-auth.ts',
      'src/transport/doors/oauth.ts',
      'src/transport/doors/requirements.ts',
      'src/transport/http/form.ts',
      'src/transport/http/hosts.ts',
      'src/transport/rpc/client-address.ts',
      'src/manager/cookie.ts',
      'src/manager/over-tls.ts',
      'src/manager/same-origin.ts',
      'src/tokens/page-token.ts',
      'src/tokens/backup-line.ts',
      'src/tokens/check-backup.ts',
      'src/tokens/import-item.ts',
      'src/tokens/source.ts',
      'src/cli/import-line.ts',
    ],
    load: async () => (await import('./parsers/targets.ts')).targets,
  },
};
