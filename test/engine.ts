/** The engine of the gRPC port that `USHER_GRPC_ENGINE=… npm test` chooses for all servers of tests. */

const { USHER_GRPC_ENGINE } = process.env;

/** The setting that chooses it; none for the default. */
export const engineEnv: Readonly<Record<string, string>> =
  USHER_GRPC_ENGINE === undefined ? {} : { USHER_GRPC_ENGINE };

/** For tests of what the other engine lacks (docs/running.md). */
export const ownEngine = { USHER_GRPC_ENGINE: 'h2' } as const;
