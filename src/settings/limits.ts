/** The settings that are numbers, each with its unit and its range. */

import { jobLimits } from './job-limits.ts';
import { limit, type Setting } from './setting.ts';
import { wholeNumber } from './values.ts';

/** Every setting that is a number, by its name in Config. */
export const limits = {
  leaseMs: limit(
    'USHER_LEASE_MS',
    'How long cached records are valid without contact to the store, which is the longest delay ' +
      'of a revocation',
    { min: 100, max: 60_000, default: 2000, unit: 'ms' },
  ),
  staleMaxMs: limit(
    'USHER_STALE_MAX_MS',
    'How long cached records may be served, marked stale, while the store is down; above 0, a ' +
      'revocation on another server may take this long to be seen here',
    { min: 0, max: 3_600_000, default: 0, unit: 'ms' },
  ),
  cacheTtlMsMax: limit(
    'USHER_CACHE_TTL_MS_MAX',
    'How long a caller may cache a verdict; not above `USHER_LEASE_MS`',
    { min: 0, max: 60_000, default: 2000, unit: 'ms' },
  ),
  memoryMb: limit(
    'USHER_MEMORY_MB',
    'Memory for all that is cached or waits to be written, per worker, in MiB; Node itself, and ' +
      'what it has not collected yet, come on top',
    { min: 16, max: 65_536, default: 128, unit: 'MB' },
  ),
  listMemoryMb: limit(
    'USHER_LIST_MEMORY_MB',
    'Memory by which lists of access tokens are searched and sorted, per worker, in MiB, on top of ' +
      '`USHER_MEMORY_MB`; it is used while someone does, some 40 MiB for 100,000 access tokens',
    { min: 0, max: 65_536, default: 64, unit: 'MB' },
  ),
  limitsSyncMs: limit(
    'USHER_LIMITS_SYNC_MS',
    'How often replicas and workers share, through the store, what they counted against the limits of ' +
      'access tokens: what the others counted since then, a replica cannot know (docs/counting-limits.md)',
    { min: 20, max: 60_000, default: 200, unit: 'ms' },
  ),
  cacheEntriesMax: limit(
    'USHER_CACHE_ENTRIES_MAX',
    'Most cached records, and most cached headers, where `USHER_MEMORY_MB` has room for more',
    { min: 1, max: 10_000_000, default: 10_000_000, unit: 'records' },
  ),
  storeTimeoutMs: limit(
    'USHER_STORE_TIMEOUT_MS',
    'How long a read from Redis may take before the verdict is unavailable',
    { min: 10, max: 60_000, default: 250, unit: 'ms' },
  ),
  storeAckReplicas: limit(
    'USHER_STORE_ACK_REPLICAS',
    'Redis replicas that a change must reach before it is acknowledged',
    { min: 0, max: 10, default: 0, unit: 'replicas' },
  ),
  headerBytesMax: limit('USHER_HEADER_BYTES_MAX', 'Longest Authorization header value', {
    min: 256,
    max: 65_536,
    default: 8192,
    unit: 'bytes',
  }),
  otherHeadersBytesMax: limit(
    'USHER_OTHER_HEADERS_BYTES_MAX',
    'Longest request line and all headers besides Authorization together; proxies pass on what ' +
      'browsers send, cookies included',
    { min: 4096, max: 1_048_576, default: 32_768, unit: 'bytes' },
  ),
  headerFieldsMax: limit('USHER_HEADER_FIELDS_MAX', 'Most headers of a request over HTTP/2', {
    min: 32,
    max: 4096,
    default: 256,
    unit: 'headers',
  }),
  claimsDepthMax: limit('USHER_CLAIMS_DEPTH_MAX', "Deepest nesting of a JWT's claims", {
    min: 1,
    max: 64,
    default: 32,
    unit: 'levels',
  }),
  clockSkewSecondsMax: {
    ...limit(
      'USHER_CLOCK_SKEW_SECONDS_MAX',
      "How far a JWT's `nbf` and `iat` may be in the future, since the clocks of signers differ",
      { min: 0, max: 3600, default: 60, unit: 's' },
    ),
    formerName: 'USHER_IAT_SKEW_SECONDS_MAX',
  },
  revokedJwtsMax: limit(
    'USHER_REVOKED_JWTS_MAX',
    'Most individually revoked JWTs and subjects of one access token',
    { min: 1, max: 100_000, default: 10_000, unit: 'entries' },
  ),
  ...jobLimits,
  auditDays: limit(
    'USHER_AUDIT_DAYS',
    'How long entries of the audit log are kept, after which they are removed behind a checkpoint; ' +
      '0 keeps them without limit',
    { min: 0, max: 36_500, default: 400, unit: 'days' },
  ),
  auditKindsMax: limit(
    'USHER_AUDIT_KINDS_MAX',
    'Most kinds of refused calls (by source, caller, method and reason) that the audit log tells ' +
      'apart in a minute, per worker; the rest is counted in one entry',
    { min: 1, max: 100_000, default: 64, unit: 'kinds' },
  ),
  guessesPerMinuteMax: limit(
    'USHER_GUESSES_PER_MINUTE_MAX',
    'Attempts with a wrong credential (sign-in, administrative calls, introspection, RFC 7009) of one IPv4 ' +
      'address or IPv6 /64 network in a minute, per worker, a token that is repeated as one; beyond it only ' +
      'tokens that memory knows pass. Also how often a wrong token may be repeated',
    { min: 1, max: 1_000_000, default: 100, unit: 'attempts' },
  ),
  guessesAtOnceMax: limit(
    'USHER_GUESSES_AT_ONCE_MAX',
    'Attempts of one source that may be under way, each with another credential that memory does not know',
    { min: 1, max: 10_000, default: 20, unit: 'attempts' },
  ),
  callerNamesMax: limit(
    'USHER_CALLER_NAMES_MAX',
    'Most callers of Verify that the metric usher_verify_callers_total tells apart by name, per worker; the ' +
      'rest is counted as one',
    { min: 0, max: 10_000, default: 100, unit: 'names' },
  ),
  messageBytesMax: limit(
    'USHER_MESSAGE_BYTES_MAX',
    'Longest request message; an answer may have 4 MiB in any case',
    {
      min: 65_536,
      max: 67_108_864,
      default: 4_194_304,
      unit: 'bytes',
    },
  ),
  batchMax: limit('USHER_BATCH_MAX', 'Most headers in one BatchVerify or StreamVerify message', {
    min: 1,
    max: 4096,
    default: 256,
    unit: 'headers',
  }),
  deadlineMs: limit('USHER_DEADLINE_MS', 'Deadline of a call that sends none', {
    min: 100,
    max: 3_600_000,
    default: 10_000,
    unit: 'ms',
  }),
  deadlineMsMax: limit(
    'USHER_DEADLINE_MS_MAX',
    'Longest deadline of a call; a longer one is cut to it',
    { min: 100, max: 3_600_000, default: 30_000, unit: 'ms' },
  ),
  connectionsMax: limit('USHER_CONNECTIONS_MAX', 'Most open connections, per listener and worker', {
    min: 1,
    max: 1_000_000,
    default: 10_000,
    unit: 'connections',
  }),
  connectionsPerSourceMax: {
    name: 'USHER_CONNECTIONS_PER_SOURCE_MAX',
    meaning:
      'Most open connections of one IPv4 address or IPv6 /64 network, per listener and worker; ' +
      'those of `USHER_TRUSTED_PROXIES` may have any number',
    range: '1 to 1000000 connections',
    without: 'a quarter of `USHER_CONNECTIONS_MAX`',
    read: wholeNumber(1, 1_000_000),
  },
  unreadBytesMax: limit(
    'USHER_UNREAD_BYTES_MAX',
    'Most bytes of answers that one connection does not read, but two of the longest answers in ' +
      'any case; beyond it the connection is closed',
    { min: 1_048_576, max: 1_073_741_824, default: 8_388_608, unit: 'bytes' },
  ),
  unreadBytesTotalMax: limit(
    'USHER_UNREAD_BYTES_TOTAL_MAX',
    'The same for all connections of a process; beyond it those that hold most are closed',
    { min: 1_048_576, max: 17_179_869_184, default: 16_777_216, unit: 'bytes' },
  ),
  streamsMax: limit('USHER_STREAMS_MAX', 'Most concurrent calls on one HTTP/2 connection', {
    min: 1,
    max: 65_535,
    default: 1000,
    unit: 'calls',
  }),
  http2FramesMax: limit(
    'USHER_HTTP2_FRAMES_PER_SECOND_MAX',
    'Most SETTINGS, PING and refused streams a second on one HTTP/2 connection, each, besides what its ' +
      'answers explain, and ten times as many at once; of frames that bring nothing ten times as many; ' +
      'beyond it the connection is closed',
    { min: 1, max: 100_000, default: 10, unit: 'frames' },
  ),
  watchersMax: limit(
    'USHER_WATCHERS_MAX',
    'Most concurrent calls of WatchInvalidations, per worker',
    { min: 1, max: 1_000_000, default: 10_000, unit: 'watchers' },
  ),
  watchersPerCallerMax: {
    name: 'USHER_WATCHERS_PER_CALLER_MAX',
    meaning:
      'Most of them of one caller, where `USHER_VERIFY_ACCESS` is not `open`, so that no caller takes all',
    range: '1 to 1000000 watchers',
    without: 'half of `USHER_WATCHERS_MAX`',
    read: wholeNumber(1, 1_000_000),
  },
  firstByteMs: limit(
    'USHER_FIRST_BYTE_MS',
    'How long a new connection may stay silent, a TLS handshake may take, and the headers of a request',
    { min: 100, max: 600_000, default: 5000, unit: 'ms' },
  ),
  tlsHandshakeBytesMax: limit(
    'USHER_TLS_HANDSHAKE_BYTES_MAX',
    'Most bytes that a caller may send for a TLS handshake, its certificates included',
    { min: 16_384, max: 262_144, default: 65_536, unit: 'bytes' },
  ),
  tlsResumptionMs: limit(
    'USHER_TLS_RESUMPTION_MS',
    'How long a TLS session can be resumed, and how often the keys of its tickets are replaced',
    { min: 60_000, max: 86_400_000, default: 3_600_000, unit: 'ms' },
  ),
  tlsWarnDays: limit(
    'USHER_TLS_WARN_DAYS',
    'How long before its end a certificate is warned of, once a day',
    { min: 0, max: 365, default: 14, unit: 'days' },
  ),
  connectionIdleMs: limit(
    'USHER_CONNECTION_IDLE_MS',
    'How long a connection without calls stays open; keep it above the time of a load balancer',
    { min: 1000, max: 86_400_000, default: 300_000, unit: 'ms' },
  ),
  keepaliveMs: limit(
    'USHER_KEEPALIVE_MS',
    'How often an HTTP/2 connection is pinged; one that does not answer within a third of it is closed. ' +
      'Keep it below the idle time of networks in between',
    { min: 1000, max: 3_600_000, default: 30_000, unit: 'ms' },
  ),
  connectionAgeMs: limit(
    'USHER_CONNECTION_AGE_MS',
    'Age (± 10 %) at which a connection is closed, so that callers reconnect to new servers too',
    { min: 1000, max: 86_400_000, default: 1_800_000, unit: 'ms' },
  ),
  sessionIdleMs: limit(
    'USHER_SESSION_IDLE_MS',
    'How long a session of the API Manager lasts without use',
    // Its pages renew it every five minutes.
    { min: 600_000, max: 2_592_000_000, default: 3_600_000, unit: 'ms' },
  ),
  sessionMsMax: limit('USHER_SESSION_MS_MAX', 'Longest lifetime of a session of the API Manager', {
    min: 600_000,
    max: 2_592_000_000,
    default: 43_200_000,
    unit: 'ms',
  }),
  invitationMs: limit(
    'USHER_INVITATION_MS',
    'How long the link of an invitation to the API Manager can be used',
    { min: 60_000, max: 2_592_000_000, default: 604_800_000, unit: 'ms' },
  ),
  oidcClockSkewSeconds: limit(
    'USHER_OIDC_CLOCK_SKEW_SECONDS',
    'How far the clocks of the OpenID provider and of Usher may differ',
    { min: 0, max: 300, default: 30, unit: 's' },
  ),
  masterKeysReloadMs: limit(
    'USHER_MASTER_KEYS_RELOAD_MS',
    'How often the file or folder of the master keys is read again; a command is run again on SIGHUP and ' +
      '`usher keys reload` only',
    { min: 100, max: 86_400_000, default: 5000, unit: 'ms' },
  ),
  masterKeysCommandMs: limit(
    'USHER_MASTER_KEYS_COMMAND_MS',
    'How long the command of the master keys may take before it is killed',
    { min: 100, max: 600_000, default: 30_000, unit: 'ms' },
  ),
  masterKeysBytesMax: limit(
    'USHER_MASTER_KEYS_BYTES_MAX',
    'Longest content of the file or folder of the master keys, and longest output of their command',
    { min: 64, max: 1_048_576, default: 65_536, unit: 'bytes' },
  ),
  outboundTimeoutMs: limit(
    'USHER_OUTBOUND_TIMEOUT_MS',
    'How long a request of Usher itself to another server may take, name and TLS included',
    { min: 100, max: 120_000, default: 10_000, unit: 'ms' },
  ),
  outboundBytesMax: limit('USHER_OUTBOUND_BYTES_MAX', 'Longest answer to such a request', {
    min: 1024,
    max: 16_777_216,
    default: 262_144,
    unit: 'bytes',
  }),
  graceMs: limit('USHER_GRACE_MS', 'How long calls in flight may continue after the stop signal', {
    min: 0,
    max: 600_000,
    default: 10_000,
    unit: 'ms',
  }),
} as const satisfies Record<string, Setting<number>>;

/** All settings by their names in Config. */
