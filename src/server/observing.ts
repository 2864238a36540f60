/** What is observed of calls: durations, traces, and the lines of the log about each. */

import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Access, AccessLog } from '../transport/rpc/access-log.ts';
import type { CallMarks } from '../transport/rpc/call.ts';
import { type CallScopes, createCallScopes } from '../transport/rpc/call-scopes.ts';
import type { Origins } from '../transport/rpc/client-address.ts';
import type { CallDurations, Observed } from '../transport/rpc/observed.ts';
import { createRefusalLog, type LogRefusal } from './refusal-log.ts';

/** What is observed of calls. */
export interface Observing extends Observed {
  access: AccessLog;
  /** Absent where refusals are not logged. */
  logRefusal: LogRefusal | undefined;
}

/** The scopes of calls for a configuration. */
export function callScopes({ accessLog, logRefusalsMax }: Config): CallScopes {
  return createCallScopes(accessLog === 'on' || logRefusalsMax > 0);
}

/** What observing needs. */
export interface ObservingDeps {
  durations: CallDurations;
  tracing: Tracing | undefined;
  scopes: CallScopes;
  origins: Origins;
  log: Pick<Logger, 'child' | 'isLevelEnabled' | 'on'>;
}

/** Creates it. */
export function createObserving(config: Config, deps: ObservingDeps): Observing {
  const { durations, tracing, scopes, origins } = deps;
  // These lines are asked for by settings of their own, whatever the level.
  const log = deps.log.child({}, { level: 'info' });
  const isAlways = config.accessLog === 'on';
  const access = {
    origins,
    isOn: isAlways || deps.log.isLevelEnabled('debug'),
    write(line: Access, { requestId, traceIds }: CallMarks) {
      log.info({ ...line, ...(requestId && { requestId }), ...traceIds }, 'call');
    },
  };
  deps.log.on('level-change', () => {
    access.isOn = isAlways || deps.log.isLevelEnabled('debug');
  });
  const perSecondMax = config.logRefusalsMax;
  const monotonicMs = () => performance.now();
  return {
    ...{ durations, tracing, scopes, access },
    logRefusal:
      perSecondMax > 0 ? createRefusalLog({ log, perSecondMax, monotonicMs, scopes }) : undefined,
  };
}
