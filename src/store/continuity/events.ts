/** The audit events of Usher itself. */

import type { AuditEvent } from '../audit.ts';

/** An event that no caller caused. `time` is in milliseconds since 1970. */
export function usherEvent(id: string, time: number, action: string, detail: string): AuditEvent {
  return { id, time, action, actor: 'usher', peer: '', tokenId: '', detail, requestId: '' };
}
