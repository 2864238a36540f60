/** Decides who may ask for verdicts at each listener; who may not is counted, and logged once a minute. */

import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import { sourceOf } from '../tokens/source.ts';
import { createFindVerifyCaller } from '../tokens/verify-callers.ts';
import {
  type Admit,
  admitAnyone,
  createAdmit,
  createManagerAdmit,
  type OnNotLetIn,
} from '../transport/rpc/admission.ts';
import type { Call } from '../transport/rpc/call.ts';
import type { CallerOf } from '../transport/rpc/caller-of.ts';
import type { Core } from './core.ts';
import type { Metrics } from './metrics/metrics.ts';
import { warnRarely } from './warn-rarely.ts';

/** Who may ask at each listener. */
export interface Admissions {
  /** On the gRPC and HTTP listeners: by USHER_VERIFY_ACCESS. */
  verifier: Admit<Call>;
  /** There, for gateways: the address of each is that of its connection, since it forwards its client's. */
  gateways: Admit;
  /** On the API Manager's: a session, or a token that may read or verify. */
  manager: Admit<Call>;
}

/** What admitting needs. */
export interface AdmissionDeps {
  core: Pick<Core, 'authenticateAsker' | 'store' | 'sums'>;
  /** The address of a call's caller, behind trusted proxies. */
  addressOf(call: Call): string;
  /** Authenticates the callers of the API Manager. */
  managerCallerOf: CallerOf;
  metrics: Pick<Metrics, 'caller'>;
  log: Pick<Logger, 'warn'>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Creates it. */
export function createAdmissions(config: Config, deps: AdmissionDeps): Admissions {
  const { core, metrics, now } = deps;
  const { verifyAccess: access = 'open', tlsClientSans: clientSans } = config;
  const warn = warnRarely({ log: deps.log, monotonicMs: () => performance.now() });
  const onNotLetIn: OnNotLetIn = ({ code, text, actor }, peer, where) => {
    metrics.caller('', code.toLowerCase() as Lowercase<typeof code>);
    const source = sourceOf(peer);
    warn(`${where} ${text}`, { where, source }, `a caller may not ask for verdicts: ${text}`);
    // Not awaited: a gateway would take a late answer for an error, which may let its request pass.
    void core.sums.refused({ actor, peer, detail: `${where}: ${text}` });
  };
  const { authenticateAsker: authenticate, store: records } = core;
  const manager = createManagerAdmit(deps.managerCallerOf, deps.addressOf, onNotLetIn);
  if (access === 'open') return { verifier: admitAnyone, gateways: admitAnyone, manager };
  const find = createFindVerifyCaller({ access, clientSans, authenticate, records, now });
  return {
    verifier: createAdmit(find, deps.addressOf, onNotLetIn),
    gateways: createAdmit(find, ({ peer }) => peer, onNotLetIn),
    manager,
  };
}
