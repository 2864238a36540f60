/** What there is to fuzz. */

import type { Target } from './target.ts';

/** Targets that belong together, with the code that they are about. */
export interface Suite {
  /** Paths, or their beginnings, of the code whose branches are counted. */
  covers: readonly string[];
  /** Imports the targets, and with them the code. */
  load(): Promise<readonly Target[]>;
}

/** By the name that the command takes. */
export const suites: Readonly<Record<string, Suite>> = {
  h2: {
    covers: ['src/transport/h2/', 'src/transport/grpc/', 'src/transport/rpc/grpc-timeout.ts'],
    load: async () => (await import('./h2/targets.ts')).targets,
  },
};
