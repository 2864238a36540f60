/** What finds a request of HTTP again: its headers, and what is kept with its response. */

import type { TraceIds } from '../../tracing/tracing.ts';
import type { CallMarks } from '../rpc/call.ts';
import type { HttpResponse } from './message.ts';

/** The marks of a request. */
export class HttpMarks implements CallMarks {
  protected readonly res: HttpResponse;

  constructor(res: HttpResponse) {
    this.res = res;
  }

  get traceparent(): string | undefined {
    return one(this.res.req.headers.traceparent);
  }

  get tracestate(): string | undefined {
    return one(this.res.req.headers.tracestate);
  }

  get requestId(): string | undefined {
    return this.res.requestId;
  }

  set requestId(id: string | undefined) {
    setRequestId(this.res, id);
  }

  get traceIds(): TraceIds | undefined {
    return this.res.traceIds;
  }

  set traceIds(ids: TraceIds | undefined) {
    this.res.traceIds = ids;
  }
}

/** Sets the id of a request, which its caller gets with the response. */
export function setRequestId(res: HttpResponse, id: string | undefined): void {
  if (id === undefined) return;
  res.requestId = id;
  if (!res.headersSent && !res.destroyed) res.setHeader('X-Request-Id', id);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
