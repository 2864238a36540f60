/** The table of all settings, from which configuration, docs/settings.md and `usher settings` are made. */

import { AddressError, type StoreAddress, storeAddress } from '../store/address.ts';
import { leakSettings } from './leaks.ts';
import { limits } from './limits.ts';
import { logSettings } from './logs.ts';
import { oidcSettings } from './oidc.ts';
import { outboundSettings } from './outbound.ts';
import type { Setting } from './setting.ts';
import { tlsFiles } from './tls.ts';
import { managerTlsFiles, storeTlsFiles } from './tls-files.ts';
import { tokenPrefix } from './token-prefix.ts';
import {
  addressRanges,
  adminToken,
  baseUrl,
  filePath,
  folderPath,
  headerNames,
  hostNames,
  keyCommand,
  listen,
  Mistake,
  masterKeys,
  oneOf,
  origins,
  wholeNumber,
} from './values.ts';
import { accessSettings } from './verify-access.ts';
import { webhookSettings } from './webhooks.ts';

/** Parses the store's address; throws Mistake. */
function readStoreAddress(text: string): StoreAddress {
  try {
    return storeAddress(text);
  } catch (error) {
    throw error instanceof AddressError ? new Mistake(error.message) : error;
  }
}

const grpcEngines = ['h2', 'grpc-js'] as const;

/** The settings that are not numbers: the store, listeners and secrets. */
const places = {
  store: {
    name: 'USHER_STORE',
    meaning: 'Address of the store',
    range:
      '`lmdb:<folder>`, `redis://…`, `redis-cluster://h1:p1,h2:p2`, ' +
      '`redis-sentinel://h1:p1,h2:p2/<master name>`; `rediss…` for TLS',
    default: 'lmdb:./data',
    secret: true,
    read: readStoreAddress,
  },
  ...storeTlsFiles,
  grpcListen: {
    name: 'USHER_GRPC_LISTEN',
    meaning: 'Address of the gRPC listener',
    range: '`host:port`, `[::1]:port`, port 0 for any free one, or `off`',
    default: '127.0.0.1:50051',
    read: listen,
  },
  grpcEngine: {
    name: 'USHER_GRPC_ENGINE',
    meaning:
      'HTTP/2 server: the one of Usher itself, on all listeners, or `@grpc/grpc-js` as it is, on the gRPC ' +
      'listener alone, which lacks some limits and all health checks but those of gRPC (docs/running.md)',
    range: grpcEngines.map(engine => `\`${engine}\``).join(', '),
    default: 'h2',
    read: oneOf(grpcEngines),
  },
  httpListen: {
    name: 'USHER_HTTP_LISTEN',
    meaning: 'Address of the HTTP listener',
    range: 'as above',
    default: '127.0.0.1:8080',
    read: listen,
  },
  managerListen: {
    name: 'USHER_MANAGER_LISTEN',
    meaning: 'Address of the API Manager',
    range: 'as above',
    default: '127.0.0.1:8081',
    read: listen,
  },
  metricsListen: {
    name: 'USHER_METRICS_LISTEN',
    meaning:
      'Address of the listener for metrics and health checks, over HTTP without TLS; where the default ' +
      'is taken, Usher warns and goes on without it, since the API Manager has them too',
    range: 'as above',
    default: '127.0.0.1:9464',
    read: listen,
  },
  managerHosts: {
    name: 'USHER_MANAGER_HOSTS',
    meaning:
      'Names that the API Manager answers to, besides `localhost` and the address it listens on',
    range: 'names or addresses without a port, separated by commas; empty for none',
    default: '',
    read: hostNames,
  },
  ...tlsFiles,
  ...accessSettings,
  ...leakSettings,
  ...outboundSettings,
  masterKeys: {
    name: 'USHER_MASTER_KEYS',
    meaning: 'Keys that protect secrets at rest: the first is used for writing, all for reading',
    range: '`id:base64,…`, each of exactly 32 bytes',
    without: 'generated at the first start with `lmdb:`; required with Redis',
    secret: true,
    read: masterKeys,
  },
  masterKeysFolder: {
    name: 'USHER_MASTER_KEYS_DIR',
    meaning:
      'Folder of the master keys instead: one file a key, named by its id, and a file `current` with the ' +
      'id of the one that writes (docs/keys.md)',
    range: 'path that begins with `/`, `./` or `../`',
    without: 'none',
    read: folderPath,
  },
  masterKeysCommand: {
    name: 'USHER_MASTER_KEYS_COMMAND',
    meaning:
      'Command whose output is the master keys instead, as in `sops -d keys.enc`; run by `sh -c`, without ' +
      'the settings of Usher in its environment',
    range: 'a command',
    without: 'none',
    read: keyCommand,
  },
  adminToken: {
    name: 'USHER_ADMIN_TOKEN',
    meaning: 'Token with the scope `usher.admin`',
    range: '32 to 512 printable characters without spaces',
    without: 'generated at the first start with `lmdb:`; required with Redis',
    secret: true,
    read: adminToken,
  },
  tokenPrefix,
  workers: {
    name: 'USHER_WORKERS',
    meaning: 'Worker processes that share the listeners',
    range: '1 to 64',
    default: '1',
    read: wholeNumber(1, 64),
  },
  stateFile: {
    name: 'USHER_STATE_FILE',
    meaning:
      'File that remembers, over restarts, how far the audit log was read: with it, a store that was ' +
      'rolled back while no replica was running is noticed at the start',
    range: 'path that begins with `/`, `./` or `../`, in a folder that Usher may write to',
    without: 'none',
    read: filePath,
  },
  corsOrigins: {
    name: 'USHER_CORS_ORIGINS',
    meaning: 'Origins whose pages may call the HTTP listener from a browser',
    range:
      '`*`, or origins such as `https://app.example.com` or `capacitor://localhost`, separated by ' +
      'commas; empty for none',
    default: '*',
    read: origins,
  },
  corsHeaders: {
    name: 'USHER_CORS_HEADERS',
    meaning:
      'Request headers that those pages may send, besides `Authorization`, those of the protocols and ' +
      'those of usual tracing libraries',
    range: 'names of headers, separated by commas; empty for none',
    default: '',
    read: headerNames,
  },
  trustedProxies: {
    name: 'USHER_TRUSTED_PROXIES',
    meaning:
      'Proxies and gateways whose `X-Forwarded-For` is trusted: for the sources of tokens, of guesses and ' +
      'of the audit log',
    range: 'addresses and CIDR ranges, separated by commas; empty for none',
    default: '',
    read: addressRanges,
  },
  lastAddress: {
    name: 'USHER_LAST_ADDRESS',
    meaning: 'Whether the address from which a static token was last used is kept and shown',
    range: '`on`, `off`',
    default: 'on',
    read: oneOf(['on', 'off']),
  },
  ...logSettings,
  managerUrl: {
    name: 'USHER_MANAGER_URL',
    meaning:
      'Address of the API Manager: for the command line, the links of invitations, the OpenID provider and ' +
      'passkeys, which are bound to its host',
    range: '`http://` or `https://` address',
    default: 'http://127.0.0.1:8081',
    read: baseUrl,
  },
  ...managerTlsFiles,
  ...oidcSettings,
} as const satisfies Record<string, Setting<unknown>>;

/** All settings by their names in Config. */
export const settings = { ...places, ...limits, ...webhookSettings };

/** The settings as the Markdown table of the README. */
export function settingsTable(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(setting => {
    const name = setting.secret ? `\`${setting.name}\` (or \`_FILE\`)` : `\`${setting.name}\``;
    const fallback = setting.default === undefined ? setting.without : code(setting.default);
    return `| ${name} | ${setting.meaning} | ${setting.range} | ${fallback} |`;
  });
  return ['| variable | what | values | default |', '|---|---|---|---|', ...rows].join('\n');
}

function code(text: string): string {
  return text === '' ? 'none' : `\`${text}\``;
}
