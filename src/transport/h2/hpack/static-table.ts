/** The static table (RFC 7541 appendix A). */

import { Field, nameId } from './field.ts';

/** In the order of their indices, from 1. */
const texts = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`.split('\n');

/** The entries; the one of index 1 is first. */
export const staticTable: readonly Field[] = texts.map(text => {
  const [, name = '', value = ''] = /^(\S+) ?(.*)$/.exec(text) ?? [];
  return new Field(name, value, nameId(name));
});

/** The index of a field, or of its name alone. */
export interface StaticIndex {
  /** The first index with this name. */
  name: number;
  /** By value; a name without a value in the table has the empty one. */
  values: ReadonlyMap<string, number>;
}

/** The indices by name. */
export const staticIndices: ReadonlyMap<string, StaticIndex> = indicesOf(staticTable);

function indicesOf(fields: readonly Field[]): Map<string, StaticIndex> {
  const indices = new Map<string, StaticIndex>();
  fields.forEach(({ name }, at) => {
    if (indices.has(name)) return;
    const same = fields.map((field, n) => [field, n + 1] as const).filter(([f]) => f.name === name);
    const values = new Map(same.map(([field, index]) => [field.value, index]));
    indices.set(name, { name: at + 1, values });
  });
  return indices;
}
