/** Wires up reports of leaked credentials, as the settings have them. */

import {
  createIsSignedByGithub,
  githubKeysUrl,
  type IsSignedByGithub,
} from '../leaks/github-keys.ts';
import type { IdentifyDeps } from '../leaks/identify.ts';
import type { Leak } from '../leaks/leak.ts';
import { createLeaks, type Leaks } from '../leaks/leaks.ts';
import { createTakeReport, type TakeReport } from '../leaks/take-reports.ts';
import type { Logger } from '../log.ts';
import type { OutboundFetch } from '../outbound/outbound.ts';
import type { Config } from '../settings/config.ts';
import type { Store } from '../store/store.ts';
import type { AccessTokens } from '../tokens/access-tokens.ts';
import type { Metrics } from './metrics/metrics.ts';
import { warnRarely } from './warn-rarely.ts';

/** Reports of leaked credentials, and the list of leaks. */
export interface LeakReports {
  leaks: Leaks;
  takeReport: TakeReport;
  /** Absent where GitHub's reports are not taken. */
  isSignedByGithub?: IsSignedByGithub;
  /** The secret of other reports; absent where they are not taken. */
  secret?: Uint8Array;
}

/** Creates them. */
export function openLeaks(
  config: Config,
  deps: IdentifyDeps & { store: Store; accessTokens: AccessTokens; outboundFetch: OutboundFetch },
  metrics: Pick<Metrics, 'leakReport'>,
  log: Pick<Logger, 'warn' | 'error'>,
): LeakReports {
  const { leakPolicy: policy, leakGithub, leakSecret: secret } = config;
  const reports = {
    leaks: createLeaks(deps),
    takeReport: counted(
      createTakeReport({ ...deps, policy, onLeak: leak => logLeak(leak, log) }),
      metrics,
    ),
    ...(secret && { secret }),
  };
  if (leakGithub === 'off') return reports;
  const monotonicMs = () => performance.now();
  const warn = warnRarely({ log, monotonicMs });
  const isSignedByGithub = createIsSignedByGithub({
    fetch: deps.outboundFetch,
    url: leakGithub === 'on' ? githubKeysUrl : leakGithub,
    monotonicMs,
    onFailure: error => warn('keys', { error }, "GitHub's public keys could not be fetched"),
  });
  return { ...reports, isSignedByGithub };
}

function counted(take: TakeReport, { leakReport }: Pick<Metrics, 'leakReport'>): TakeReport {
  return async report => {
    const outcomes = await take(report);
    for (const outcome of outcomes) leakReport(report.by, outcome);
    return outcomes;
  };
}

function logLeak({ id, tokenId, what, done, problem }: Leak, log: Pick<Logger, 'warn' | 'error'>) {
  if (what === 'admin token') {
    log.error(
      { leak: id },
      'the admin token was reported as leaked, and Usher cannot revoke it: replace USHER_ADMIN_TOKEN now, ' +
        'on all servers, and restart them',
    );
  } else if (done === 'failed') {
    log.error({ leak: id, tokenId, what, problem }, 'a leaked credential could not be revoked');
  } else {
    log.warn({ leak: id, tokenId, what, done }, 'a credential was reported as leaked');
  }
}
