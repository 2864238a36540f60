/** What the errors of Redis and of its client mean to the operator, and what to do about them. */

/** Errors by what they say, and what that means. No text holds an address, a name or a secret. */
const faults: readonly (readonly [said: RegExp, text: string])[] = [
  [
    /\bWRONGPASS\b|invalid password|invalid username/i,
    'Redis refuses the user or the password (WRONGPASS): correct them in USHER_STORE',
  ],
  [/\bNOAUTH\b/, 'Redis asks for a password (NOAUTH): write it into USHER_STORE'],
  [
    /\bNOPERM\b/,
    'the user of Redis lacks a permission (NOPERM): give it those that docs/redis.md names',
  ],
  [
    /DB index is out of range|invalid DB index/i,
    'Redis has no database of the number in USHER_STORE: write a lower number there, or set ' +
      '"databases" in Redis higher',
  ],
  [
    /SELECT is not allowed in cluster mode|\bMOVED\b|\bCROSSSLOT\b/,
    'this Redis is a node of a Cluster: write redis-cluster:// in USHER_STORE',
  ],
  [
    /cluster support disabled/i,
    'this Redis is no Cluster: write redis:// or redis-sentinel:// in USHER_STORE',
  ],
  [/\bLOADING\b/, 'Redis is loading its data (LOADING): it answers when that is done'],
  [
    /\bCLUSTERDOWN\b/,
    'the Cluster is down (CLUSTERDOWN): start its missing masters; with ' +
      '"cluster-require-full-coverage no" the others go on',
  ],
  [
    /\bMASTERDOWN\b/,
    'the connected Redis is a Redis replica without its master (MASTERDOWN): start the master',
  ],
  [
    /\bREADONLY\b/,
    'the connected Redis is a Redis replica (READONLY): name the master in USHER_STORE, or use ' +
      'redis-sentinel://',
  ],
  [
    /\bMISCONF\b/,
    'Redis cannot save its data and refuses writes (MISCONF): look at its disk and its log',
  ],
  [/\bOOM\b/, 'the memory of Redis is full (OOM): set its maxmemory higher'],
  [
    /\bNOREPLICAS\b/,
    'Redis refuses writes without enough Redis replicas (NOREPLICAS): start them, or set ' +
      'min-replicas-to-write lower',
  ],
  [
    /\bDENIED\b.*protected mode/,
    'Redis refuses other machines (protected mode): set a password in Redis and in USHER_STORE',
  ],
  [/max number of clients/i, 'Redis has too many connections: set its maxclients higher'],
  [
    /\b(ENOTFOUND|EAI_AGAIN)\b/,
    'the host of Redis has no address (ENOTFOUND): correct USHER_STORE, or look at the DNS',
  ],
  [
    /\bECONNREFUSED\b/,
    'Redis refuses connections (ECONNREFUSED): start it, or correct the host and the port in ' +
      'USHER_STORE',
  ],
  [
    /\b(EHOSTUNREACH|ENETUNREACH)\b/,
    'no route leads to Redis (EHOSTUNREACH): look at the network, or correct USHER_STORE',
  ],
  [
    /wrong version number|packet length too long|before secure TLS|\bEPROTO\b/i,
    'Redis does not speak TLS at this port: write redis:// instead of rediss:// in USHER_STORE, ' +
      'or its TLS port',
  ],
  [
    /altnames|ERR_TLS_CERT_ALTNAME_INVALID/,
    'the TLS certificate of Redis names another host: write a host that it names in USHER_STORE',
  ],
  [
    // Before the certificate of Redis itself: the code is contained in that of the alert.
    /ALERT_CERTIFICATE_REQUIRED/,
    'Redis wants a client certificate: name one in USHER_STORE_CERT_FILE, with its key in ' +
      'USHER_STORE_KEY_FILE',
  ],
  [
    /_ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)/,
    'Redis refuses the client certificate of Usher: renew it, or have an authority that Redis ' +
      'trusts sign it (USHER_STORE_CERT_FILE)',
  ],
  [
    /certificate has expired|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    'the TLS certificate of Redis is not valid at this time: renew it, or set the clock',
  ],
  [
    /self.signed certificate|unable to (verify|get)|SELF_SIGNED|UNABLE_TO_/i,
    'the TLS certificate of Redis comes from an unknown authority: name its CA in ' +
      'USHER_STORE_CA_FILE',
  ],
  [
    /sentinels are unreachable|connect(ed|) to sentinel/i,
    'no Sentinel answers, or none knows the master that USHER_STORE names',
  ],
  [
    /connect ETIMEDOUT/,
    'Redis does not accept connections in time: correct the host and the port in USHER_STORE (a ' +
      'port without TLS needs redis://)',
  ],
  [/ETIMEDOUT|timed out|timeout/i, 'Redis does not answer in time'],
  [
    /\b(ECONNRESET|EPIPE)\b/,
    'Redis closes the connections (ECONNRESET): look at its log; a port for TLS needs rediss://, ' +
      'and may want another client certificate (USHER_STORE_CERT_FILE)',
  ],
];

/** What is said of an error that says no more than that there is no connection. */
export const lostText = 'the connection to Redis is lost';

/** What ioredis says of a command without a connection, when it says no more. */
const generic =
  /connection is closed|isn't writeable|connection close|None of startup nodes|^Failed to refresh/i;

/**
 * What an error means to the operator. `lost` is why the client lost its connection; it counts when
 * the error says no more than that there is none.
 */
export function faultText(error: unknown, lost?: unknown): string {
  const isReply = error instanceof Error && error.name === 'ReplyError';
  const said = (isReply ? [error] : [...chainOf(error), ...chainOf(lost)]).map(textOf);
  for (const text of said) {
    const known = faults.find(([pattern]) => pattern.test(text));
    if (known !== undefined) return known[1];
  }
  const other = said.find(text => text !== '' && !generic.test(text));
  if (other === undefined) return lostText;
  return `Redis: ${withoutAddresses(other).slice(0, 200)}`;
}

/** Anyone may ask for the fault; where Redis is concerns the operator alone. */
function withoutAddresses(text: string): string {
  return text.replace(
    /\S*[\w\]]:\d+\S*|\b\d{1,3}(\.\d{1,3}){3}\b|\S*[\da-f]*::?[\da-f:]+\S*/gi,
    '…',
  );
}

/** An error and those that it holds, from the outer to the inner ones. */
function chainOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [];
  const inner = [
    'lastNodeError' in error ? error.lastNodeError : undefined,
    error.cause,
    ...(error instanceof AggregateError ? error.errors.slice(0, 1) : []),
  ];
  return [error, ...inner.flatMap(chainOf)];
}

/** Its code and message, without the arguments of the command, which Redis may repeat. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code} ` : '';
  return `${code}${error.message}`.replace(/,? with args beginning with.*/s, '').trim();
}
