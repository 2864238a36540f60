/** `usher dev-certs`: certificates for trying TLS, from an authority of one's own. */

import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from './context.ts';
import { optionsOf } from './context.ts';
import { findAuthority, pathOf, serverNamesIn, writePair } from './dev-certs/files.ts';
import { outJson } from './terminal.ts';

const dayMs = 86_400_000;
/** How long certificates are valid, the authority included. */
const validDays = 365;
/** Clocks differ: certificates are valid a little earlier, in milliseconds. */
const earlierMs = 300_000;
/** The name of the client; names in ".internal" are never delegated. */
const clientName = 'usher-client.internal';

interface Options {
  name?: string[];
  force?: true;
}

/** Adds the command. */
export function addDevCertsCommand(program: Command, context: Context): void {
  program
    .command('dev-certs')
    .description(
      'make a local authority, and certificates of a server and a client, for trying TLS',
    )
    .argument('[folder]', 'where the files go', 'dev-certs')
    .option('--name <name>', 'another host name or IP address of the server; several times', names)
    .option('--force', 'make a new authority, and overwrite what is there')
    .addHelpText(
      'after',
      '\nThe next run in the same folder renews the certificates and keeps the authority.',
    )
    .action(async (folder: string, _, self: Command) => {
      const { name = [], force, json } = optionsOf<Options>(self);
      const made = await makeAll(folder, name, force === true, context.now());
      if (json) outJson(context.terminal, made);
      else context.terminal.out(textOf(made));
    });
}

/** What was made. */
interface Made {
  folder: string;
  /** Whether the authority is that of an earlier run. */
  authorityKept: boolean;
  serverNames: string[];
  clientName: string;
  /** When the certificates end, by RFC 3339. */
  expires: string;
  authorityExpires: string;
}

async function makeAll(
  folder: string,
  given: string[],
  force: boolean,
  now: number,
): Promise<Made> {
  const kept = force ? undefined : findAuthority(folder, now);
  // A renewal without names keeps those of before.
  const more = given.length === 0 && kept !== undefined ? serverNamesIn(folder) : given;
  const local = ['localhost', '127.0.0.1', '::1'];
  const others = more.filter(name => !local.includes(name) && name !== '0:0:0:0:0:0:0:1');
  const serverNames = [...local, ...new Set(others)];
  // Loaded on use only: no other command needs it.
  const { endOf, makeAuthority, makeLeaf } = await import('./dev-certs/certificate.ts');
  const notBefore = new Date(now - earlierMs);
  const authority =
    kept ??
    (await makeAuthority('Usher development authority', { notBefore, notAfter: yearAfter(now) }));
  const authorityEnd = endOf(authority.cert);
  const notAfter = new Date(Math.min(yearAfter(now).getTime(), authorityEnd.getTime()));
  const server = await makeLeaf(authority, 'server', serverNames, { notBefore, notAfter });
  const client = await makeLeaf(authority, 'client', [clientName], { notBefore, notAfter });
  if (kept === undefined) writePair(folder, 'ca', authority);
  writePair(folder, 'server', server);
  writePair(folder, 'client', client);
  return {
    folder,
    authorityKept: kept !== undefined,
    serverNames,
    clientName,
    expires: notAfter.toISOString(),
    authorityExpires: authorityEnd.toISOString(),
  };
}

function yearAfter(now: number): Date {
  // Certificates hold whole seconds.
  return new Date(Math.floor((now - earlierMs + validDays * dayMs) / 1000) * 1000);
}

function textOf({ folder, authorityKept, serverNames, expires, authorityExpires }: Made): string {
  // Settings that name files begin with "/", "./" or "../".
  const place = isAbsolute(folder) || /^\.{1,2}\//.test(folder) ? folder : `./${folder}`;
  const ca = pathOf(folder, 'ca');
  const at = (name: 'ca' | 'server' | 'client', key = false) =>
    `${place.replace(/\/+$/, '')}/${name}${key ? '-key' : ''}.pem`;
  return `${authorityKept ? 'Renewed' : 'Made'} in ${folder}, for development only:
  ca.pem, ca-key.pem          the authority, ${authorityKept ? 'that of before' : 'new'}, until ${authorityExpires.slice(0, 10)}
  server.pem, server-key.pem  for ${serverNames.join(', ')}, until ${expires.slice(0, 10)}
  client.pem, client-key.pem  for ${clientName}, until ${expires.slice(0, 10)}

The key of the authority is kept, so that the next run renews the others. Its holder can pretend to be any
server to everyone who trusts ca.pem: keep it to yourself, and delete it when you need no more certificates.

Usher serves TLS with
  export USHER_TLS_CERT_FILE=${at('server')} USHER_TLS_KEY_FILE=${at('server', true)}
  export USHER_MANAGER_TLS_CERT_FILE=${at('server')} USHER_MANAGER_TLS_KEY_FILE=${at('server', true)}
and lets in clients with the certificate client.pem (mutual TLS) with
  export USHER_TLS_CLIENT_CA_FILE=${at('ca')} USHER_VERIFY_ACCESS=mtls USHER_TLS_CLIENT_SANS=${clientName}

Clients trust it with ca.pem, which is no secret; leave the trust store of the machine as it is:
  curl --cacert ${ca} https://localhost:8080/readyz
  the command line: export USHER_MANAGER_URL=https://localhost:8081 USHER_MANAGER_CA_FILE=${at('ca')}
  gateways: usher config nginx --tls-ca ${ca}; the SDK: the option tls.ca`;
}

function names(text: string, before: string[] | undefined): string[] {
  if (isIP(text) === 0 && !/^(\*\.)?[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/.test(text)) {
    throw new InvalidArgumentError(
      'a name is a host name such as usher.internal, or an IP address',
    );
  }
  return [...(before ?? []), text];
}
