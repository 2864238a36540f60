/** The settings of the requests that Usher itself makes. */

import ipaddr from 'ipaddr.js';
import type { AllowedTarget } from '../outbound/allow.ts';
import { readTlsFiles, TlsFileError } from '../tls/files.ts';
import type { Setting } from './setting.ts';
import { filePath, list, Mistake, readCidr } from './values.ts';

/** The settings, by their names in Config. */
export const outboundSettings = {
  outboundAllow: {
    name: 'USHER_OUTBOUND_ALLOW',
    meaning:
      'What Usher itself may call (webhooks, providers of sign-ins) besides public addresses over https; ' +
      'plain http is possible for loopback addresses that are named here, for development',
    range:
      '`host`, `host:port`, addresses and CIDR ranges, separated by commas, such as ' +
      '`hooks.internal,localhost:9000,10.1.0.0/16`; empty for none',
    default: '',
    read: allowedTargets,
  },
  outboundCaFile: {
    name: 'USHER_OUTBOUND_CA_FILE',
    meaning:
      'File with authorities that may sign the certificates of what Usher itself calls, besides those ' +
      'that Node trusts; read again for each connection',
    range: 'path of a PEM file that begins with `/`, `./` or `../`',
    without: 'the authorities that Node trusts',
    read: filePath,
  },
} as const satisfies Record<string, Setting<unknown>>;

/** Parses hosts, addresses and ranges. */
function allowedTargets(text: string): AllowedTarget[] {
  return list(text).map((entry, index) => {
    const place = `(entry ${index + 1})`;
    const range = readCidr(entry, place);
    if (range?.[1] === 0) {
      throw new Mistake(
        `allows every address ${place}, which would mean nothing; name what is called`,
      );
    }
    const target = range === undefined ? hostAndPort(entry) : { range };
    if (target !== undefined) return target;
    throw new Mistake(
      `has an entry that is no host, host:port, address or CIDR range ${place}; write hooks.internal, ` +
        'localhost:9000, [::1]:9000 or 10.1.0.0/16, without a scheme or path',
    );
  });
}

/** Parses a host as it stands in a URL, with or without a port. */
function hostAndPort(entry: string): AllowedTarget | undefined {
  const [, host = '', digits] =
    /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$/.exec(entry) ?? [];
  const url = URL.canParse(`https://${host}`) ? new URL(`https://${host}`) : undefined;
  if (host === '' || url === undefined) return undefined;
  // What a URL would read as an address must be written as one.
  const bare = url.hostname;
  if (ipaddr.IPv4.isValid(bare) && bare !== host) return undefined;
  const known = bare.replace(/\.$/, '');
  if (digits === undefined) return { host: known };
  const port = Number(digits);
  return port >= 1 && port <= 65535 ? { host: known, port } : undefined;
}

/** A sentence for a file that cannot be used. */
export function outboundMistakes({ outboundCaFile: ca }: { outboundCaFile?: string }): string[] {
  if (ca === undefined) return [];
  try {
    readTlsFiles({ ca });
    return [];
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    return [`${outboundSettings.outboundCaFile.name} ${error.message}`];
  }
}
