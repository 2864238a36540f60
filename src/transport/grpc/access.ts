/** The lines of gRPC calls in the access log. */

import { randomUUID } from 'node:crypto';
import { valuesOf } from '../h2/request-rules.ts';
import type { H2Stream } from '../h2/stream.ts';
import { type AccessLog, accessOf } from '../rpc/access-log.ts';
import type { AnyCall } from './call-deadlines.ts';
import type { RefusedHead } from './head.ts';
import type { OtherCall } from './other-calls.ts';
import { StreamCall } from './stream-call.ts';
import { UnaryCall } from './unary-call.ts';

const healthService = 'grpc.health.v1.Health';

/** Begins to time a call, which gets an id. */
export function beginAccess(call: AnyCall): void {
  call.beganMs = performance.now();
  call.requestId ??= randomUUID();
}

/** Writes the line of a call that is over. Requests of HTTP write their own. */
export function noteAccess(access: AccessLog, call: AnyCall | OtherCall): void {
  if (!(call instanceof UnaryCall || call instanceof StreamCall)) return;
  const method = call.method;
  if (method === undefined || call.beganMs === undefined) return;
  if (method.parent.typeName === healthService) return;
  const path = `/${method.parent.typeName}/${method.name}`;
  access.write(accessOf(access, call, path, call.outcome ?? 'CANCELLED', call.beganMs), call);
}

/** Writes the line of a call that was refused by its head. */
export function noteRefusal(
  access: AccessLog,
  stream: H2Stream,
  { code, requestId }: RefusedHead,
): void {
  const header = (name: string) => valuesOf(stream.request, name);
  const call = { door: 'grpc', peer: stream.peer, header } as const;
  access.write(accessOf(access, call, '', code, performance.now()), { requestId });
}
