/** GET /openapi.yaml: the OpenAPI document of the rpcs, made from the proto. */

import { readFileSync } from 'node:fs';
import type { Route } from './router.ts';

const document = new URL('../../gen/openapi.yaml', import.meta.url);

/** The route of /openapi.yaml; the file is read by the first request. */
export function openapiRoute(): Route {
  let body: Buffer | undefined;
  return {
    path: '/openapi.yaml',
    methods: ['GET', 'HEAD'],
    cors: true,
    handle(_req, res) {
      body ??= readFileSync(document);
      // RFC 9512
      res.writeHead(200, { 'Content-Type': 'application/yaml', 'Content-Length': body.length });
      res.end(body);
    },
  };
}
