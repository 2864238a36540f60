/** The route of the web app, for all paths of the API Manager's port that are not another's. */

import { IncomingMessage, ServerResponse } from 'node:http';
import type { Manager } from '../manager/manager.ts';
import { isGrpc } from '../transport/grpc/plain-http.ts';
import { answerError } from '../transport/http/answer.ts';
import type { HttpRequest } from '../transport/http/message.ts';
import type { Route } from '../transport/http/router.ts';

function isGrpcRequest({ method, url: path = '', headers }: HttpRequest): boolean {
  return isGrpc({ method, path, contentType: headers['content-type'] ?? '' });
}

/** All other paths on the manager port: the web app and its session. */
export function webRoute(manager: Manager): Route {
  return {
    path: '/',
    prefix: true,
    methods: 'any',
    // A page reads its own query; /session and /status refuse theirs.
    query: 'any',
    handle: async (req, res) => {
      // The web app is served by node:http's own means; browsers use HTTP/1.1 without TLS.
      if (req instanceof IncomingMessage && res instanceof ServerResponse) {
        if (!(await manager.handle(req, res))) answerError(res, 404, 'not found');
      } else if (isGrpcRequest(req)) {
        // For gRPC clients this means that there is no such method.
        answerError(res, 404, 'not found');
      } else {
        res.requireHttp1?.();
      }
    },
  };
}
