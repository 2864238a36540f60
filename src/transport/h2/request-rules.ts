/** What makes a request well-formed (RFC 9113 sections 8.1 to 8.3 and 8.5). */

import { type Field, nameId } from './hpack/field.ts';

/** A request before its content. Equal blocks on a connection may get the same object. */
export interface H2Request {
  readonly method: string;
  /** Empty for CONNECT. */
  readonly scheme: string;
  /** `:authority`, or else Host; empty without either. */
  readonly authority: string;
  /** With its query; empty for CONNECT. */
  readonly path: string;
  /** -1 without the field. */
  readonly contentLength: number;
  /** All fields in their order, the pseudo-header fields first. */
  readonly fields: readonly Field[];
  /** What the handler read in the fields; kept here, so that equal requests are read once. */
  head: unknown;
}

const method = nameId(':method');
const scheme = nameId(':scheme');
const authority = nameId(':authority');
const path = nameId(':path');
const host = nameId('host');
const te = nameId('te');
const contentLength = nameId('content-length');
/** Fields that are about a connection of HTTP/1 (RFC 9113 section 8.2.2). */
const connectionSpecific = new Set(
  ['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'].map(nameId),
);

/**
 * A token in lower case (RFC 9113 section 8.2.1, RFC 9110 section 5.1): HTTP/1.1 has no other names,
 * and neither have those who read requests of both.
 */
const nameForm = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const valueFault = /[\0\r\n]/;
const digits = /^\d{1,15}$/;

/** The request that the fields make; undefined if they make none, which is a stream error. */
export function requestOf(fields: readonly Field[]): H2Request | undefined {
  const pseudo: Pseudo = {};
  let length = -1;
  let hosts: string | undefined;
  let regular = false;
  for (const field of fields) {
    if (!isGood(field)) return undefined;
    if (isPseudo(field)) {
      if (regular || !setPseudo(pseudo, field)) return undefined;
      continue;
    }
    regular = true;
    if (field.id === contentLength) {
      const value = digits.test(field.value) ? Number(field.value) : -1;
      if (value < 0 || (length >= 0 && length !== value)) return undefined;
      length = value;
    } else if (field.id === host) {
      // Several would mean different things to different readers.
      if (hosts !== undefined) return undefined;
      hosts = field.value;
    }
  }
  if (!isComplete(pseudo) || !isSameHost(pseudo.authority, hosts)) return undefined;
  return {
    method: pseudo.method ?? '',
    scheme: pseudo.scheme ?? '',
    authority: pseudo.authority ?? hosts ?? '',
    path: pseudo.path ?? '',
    contentLength: length,
    fields,
    head: undefined,
  };
}

/** What the head of a request holds in memory, in bytes, counted as in RFC 9113 section 6.5.2. */
export function headBytesOf({ fields }: H2Request): number {
  let bytes = 0;
  for (const { size } of fields) bytes += size;
  return bytes;
}

/** All values of a field, given in lower case; `host` is the authority where it has no field of its own. */
export function valuesOf({ fields, authority }: H2Request, name: string): string[] {
  const values = fields.filter(field => field.name === name).map(({ value }) => value);
  return name === 'host' && authority !== '' ? [authority] : values;
}

/** The pseudo-header fields of a request (RFC 9113 section 8.3.1). */
interface Pseudo {
  method?: string;
  scheme?: string;
  authority?: string;
  path?: string;
}

/** Sets a pseudo-header field; false for one that is unknown or came before. */
function setPseudo(pseudo: Pseudo, { id, value }: Field): boolean {
  switch (id) {
    case method:
      if (pseudo.method !== undefined) return false;
      pseudo.method = value;
      return true;
    case scheme:
      if (pseudo.scheme !== undefined) return false;
      pseudo.scheme = value;
      return true;
    case authority:
      if (pseudo.authority !== undefined) return false;
      pseudo.authority = value;
      return true;
    case path:
      if (pseudo.path !== undefined) return false;
      pseudo.path = value;
      return true;
    default:
      return false;
  }
}

/** Whether the fields may follow the content: no pseudo-header field is among them (8.1). */
export function areTrailers(fields: readonly Field[]): boolean {
  return fields.every(field => isGood(field) && !isPseudo(field));
}

const colon = 0x3a;

function isPseudo({ name }: Field): boolean {
  return name.charCodeAt(0) === colon;
}

/** Whether the method has the pseudo-header fields that it needs (RFC 9113 sections 8.3.1 and 8.5). */
function isComplete(pseudo: Pseudo): boolean {
  // User information is deprecated and not for http.
  if (pseudo.authority?.includes('@')) return false;
  if (pseudo.method === 'CONNECT') {
    return (
      pseudo.authority !== undefined && pseudo.scheme === undefined && pseudo.path === undefined
    );
  }
  if (!pseudo.method || !pseudo.scheme || !pseudo.path) return false;
  return pseudo.path.startsWith('/') || (pseudo.path === '*' && pseudo.method === 'OPTIONS');
}

/** A Host field that names another host than :authority would be read by some, and not by others. */
function isSameHost(named: string | undefined, hosts: string | undefined): boolean {
  if (named === undefined || hosts === undefined || named === hosts) return true;
  return named.toLowerCase() === hosts.toLowerCase();
}

function isGood(field: Field): boolean {
  if (field.judgement === 'unseen') field.judgement = judge(field) ? 'good' : 'bad';
  return field.judgement === 'good';
}

function judge(field: Field): boolean {
  const { name, value, id } = field;
  if (!nameForm.test(isPseudo(field) ? name.slice(1) : name)) return false;
  // Blanks around a value are let through, against section 8.2.1: they do not count, as in HTTP/1.1
  // (RFC 9110 section 5.5), so that a token is read alike on every port.
  if (valueFault.test(value)) return false;
  if (connectionSpecific.has(id)) return false;
  return id !== te || value === 'trailers';
}
