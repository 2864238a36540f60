/** The settings of who may ask for verdicts, and what they ask of others. */

import { readRange } from '../reading/address-range.ts';
import type { Config } from './config.ts';
import type { Setting } from './setting.ts';
import { type Listen, list, Mistake } from './values.ts';

/** `open`, or the ways in which a caller may show who it is. */
export type VerifyAccess = 'open' | readonly ('token' | 'mtls')[];

/** A name in client certificates, and the owner whose tokens its holders may ask about. */
interface ClientSan {
  name: string;
  owner?: string;
}

/** The settings, by their names in Config. */
export const accessSettings = {
  verifyAccess: {
    name: 'USHER_VERIFY_ACCESS',
    meaning:
      'Who may ask for verdicts on tokens that others hold: anyone (`open`), or callers with a static token ' +
      'of the scope `usher.verify` in `x-usher-caller` (`token`), or with a client certificate (`mtls`)',
    range: '`open`, or `token`, `mtls` or both, separated by commas: either suffices',
    without: '`open` while the gRPC and HTTP listeners are on loopback; otherwise required',
    read: verifyAccess,
  },
  tlsClientSans: {
    name: 'USHER_TLS_CLIENT_SANS',
    meaning:
      'Names in the SAN of client certificates that `mtls` lets in, with the owner whose tokens alone their ' +
      'holders may ask about, if any',
    range:
      'DNS names and SPIFFE ids, each also as `name=owner`, separated by commas; `*.example.com` and ' +
      '`spiffe://td/ns/*` match one level; the first that matches counts',
    default: '',
    read: clientSans,
  },
} as const satisfies Record<string, Setting<unknown>>;

/** Parses who may ask. */
function verifyAccess(text: string): VerifyAccess {
  const words = list(text);
  const unknown = words.findIndex(word => !/^(?:open|token|mtls)$/.test(word));
  if (words.length === 0 || unknown >= 0) {
    throw new Mistake('is not open, token, mtls, or token,mtls');
  }
  if (new Set(words).size < words.length) throw new Mistake('names a way twice');
  if (!words.includes('open')) return words as ('token' | 'mtls')[];
  if (words.length === 1) return 'open';
  throw new Mistake(
    'has open beside others, which would mean nothing: leave open out, or the others',
  );
}

/** Most characters of an owner, as of an access token's. */
const ownerCharactersMax = 128;
const dnsName =
  /^(?:\*\.)?(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
/** The SPIFFE ID standard, section 2: a trust domain in lower case, and segments that are not dots. */
const spiffeId =
  /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*(?:\/\*)?$/;

/** Parses names of client certificates, with owners. */
function clientSans(text: string): ClientSan[] {
  const sans = list(text).map((entry, index) => {
    const place = `(entry ${index + 1})`;
    const equals = entry.indexOf('=');
    const name = equals === -1 ? entry : entry.slice(0, equals);
    const owner = equals === -1 ? undefined : entry.slice(equals + 1);
    if (!(name.startsWith('spiffe:') ? spiffeId : dnsName).test(name)) {
      throw new Mistake(
        `has an entry that is neither a DNS name nor a SPIFFE id ${place}; write gateway.example.com, ` +
          '*.example.com, spiffe://example.org/ns/web or spiffe://example.org/ns/*, each with =owner or without',
      );
    }
    if (owner === undefined) return { name };
    if (owner.trim() !== owner || owner === '' || owner.length > ownerCharactersMax) {
      throw new Mistake(
        `has an owner that is empty or longer than ${ownerCharactersMax} characters ${place}`,
      );
    }
    return { name, owner };
  });
  const names = sans.map(({ name }) => (name.startsWith('spiffe:') ? name : name.toLowerCase()));
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice >= 0) throw new Mistake(`names a client twice (entry ${twice + 1})`);
  return sans;
}

/** A sentence for each contradiction, and where a choice is missing. */
export function accessMistakes(config: Partial<Config>): string[] {
  const { verifyAccess: access, tlsClientSans: sans = [], tlsClientCaFile } = config;
  const mistakes: string[] = [];
  const exposed = exposedListeners(config);
  if (access === undefined && exposed.length > 0) {
    mistakes.push(
      `${exposed.join(' and ')} can be reached from other machines: say with USHER_VERIFY_ACCESS who may ask ` +
        'Usher for verdicts: token (callers with a static token of the scope usher.verify), mtls (callers with ' +
        'a client certificate), both, or open (anyone who reaches it)',
    );
  }
  if (access?.includes('mtls')) {
    if (tlsClientCaFile === undefined) {
      mistakes.push(
        'USHER_VERIFY_ACCESS has mtls without USHER_TLS_CLIENT_CA_FILE: no client certificate can be verified; ' +
          'name the file with the CA of your clients',
      );
    }
    if (sans.length === 0) {
      mistakes.push(
        'USHER_VERIFY_ACCESS has mtls without USHER_TLS_CLIENT_SANS: no client certificate would be let in; ' +
          'name those of your clients',
      );
    }
  } else if (sans.length > 0) {
    mistakes.push(
      'USHER_TLS_CLIENT_SANS is set while USHER_VERIFY_ACCESS does not have mtls; add mtls, or unset the names',
    );
  }
  return mistakes;
}

/** What the operator should know at each start of a server that other machines can reach. */
export function accessWarnings(config: Config): string[] {
  const { verifyAccess: access, tlsCertFile } = config;
  const exposed = exposedListeners(config).join(' and ');
  if (exposed === '') return [];
  if (access === 'open') {
    return [
      `USHER_VERIFY_ACCESS is open: anyone who reaches ${exposed} can have tokens judged; token or mtls let in ` +
        'known callers alone',
    ];
  }
  if (access?.includes('token') && tlsCertFile === undefined) {
    return [
      `USHER_VERIFY_ACCESS has token, and ${exposed} can be reached without TLS: anyone who reads the traffic has ` +
        'the tokens of callers; set USHER_TLS_CERT_FILE and USHER_TLS_KEY_FILE, unless the network encrypts it',
    ];
  }
  return [];
}

/** The settings of the listeners for verdicts that other machines can reach. */
function exposedListeners({ grpcListen, httpListen }: Partial<Config>): string[] {
  const named: [string, Listen | undefined][] = [
    ['USHER_GRPC_LISTEN', grpcListen],
    ['USHER_HTTP_LISTEN', httpListen],
  ];
  return named
    .filter(([, listen]) => listen !== undefined && listen !== 'off' && !isLoopback(listen.host))
    .map(([name]) => name);
}

function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const [address] = readRange(host.replace(/%.*$/, '')) ?? [];
  return address?.range() === 'loopback';
}
