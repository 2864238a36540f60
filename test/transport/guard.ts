/** A guard that records what its listener reports. */

import { type HeldLimits, ownGuard } from '../../src/transport/rpc/guard.ts';

/** `next` resolves with the next report. */
export function recordingGuard(limits: HeldLimits, exempt: readonly string[] = []) {
  const reports: string[] = [];
  let wake = () => {};
  const report = (text: string) => {
    reports.push(text);
    wake();
  };
  return {
    ...ownGuard(limits),
    isExempt: (address: string) => exempt.includes(address),
    refused: (reason: string, source: string) => report(`refused ${reason} ${source}`),
    requestRefused: () => report('refused request'),
    faulted: (kind: string) => report(`fault ${kind}`),
    handshakeFailed: (fault: string, source: string, detail: string) =>
      report(`handshake ${fault} ${source} ${detail}`.trimEnd()),
    spokeTls: (source: string) => report(`tls ${source}`),
    unreadClosed: (reason: string) => report(`unread ${reason}`),
    reports,
    async next(): Promise<string> {
      while (reports.length === 0) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      return reports.shift() as string;
    },
  };
}
