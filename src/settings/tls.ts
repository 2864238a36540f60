/** The settings of TLS: certificates of the listeners, and CAs of their clients. */

import type { Config } from './config.ts';
import type { Setting } from './setting.ts';
import { filePath } from './values.ts';

const pemRange = 'path that begins with `/`, `./` or `../`, of a file with PEM text';

/** A setting that names a file with PEM text. */
function pemFile(name: string, meaning: string): Setting<string> {
  return { name, meaning, range: pemRange, without: 'none', read: filePath };
}

/** The files of certificates, by their names in Config. */
export const tlsFiles = {
  tlsCertFile: pemFile(
    'USHER_TLS_CERT_FILE',
    'Certificate of the gRPC and HTTP listeners, followed by its intermediate CAs; with it they speak TLS alone. ' +
      'It is read again when it changes, as are the files below',
  ),
  tlsKeyFile: pemFile('USHER_TLS_KEY_FILE', 'Its private key, not encrypted'),
  tlsClientCaFile: pemFile(
    'USHER_TLS_CLIENT_CA_FILE',
    'CA certificates of clients: with them, the gRPC and HTTP listeners ask for a client certificate; a ' +
      'client may have none, but no other',
  ),
  managerTlsCertFile: pemFile(
    'USHER_MANAGER_TLS_CERT_FILE',
    'Certificate of the API Manager, likewise; its port then speaks TLS alone',
  ),
  managerTlsKeyFile: pemFile('USHER_MANAGER_TLS_KEY_FILE', 'Its private key, not encrypted'),
  managerTlsClientCaFile: pemFile(
    'USHER_MANAGER_TLS_CLIENT_CA_FILE',
    'CA certificates of clients: with them, the API Manager requires a client certificate',
  ),
} as const satisfies Record<string, Setting<string>>;

/** A sentence for each setting of TLS that lacks another. */
export function tlsMistakes(config: Partial<Config>): string[] {
  const { grpcListen, httpListen, managerListen } = config;
  return [
    ...groupMistakes(
      { cert: 'tlsCertFile', key: 'tlsKeyFile', ca: 'tlsClientCaFile' },
      config,
      grpcListen === 'off' && httpListen === 'off'
        ? 'USHER_GRPC_LISTEN and USHER_HTTP_LISTEN are off'
        : undefined,
    ),
    ...groupMistakes(
      { cert: 'managerTlsCertFile', key: 'managerTlsKeyFile', ca: 'managerTlsClientCaFile' },
      config,
      managerListen === 'off' ? 'USHER_MANAGER_LISTEN is off' : undefined,
    ),
  ];
}

type FileKey = keyof typeof tlsFiles;

/** The mistakes of one certificate; `unused` says why nothing is served with it. */
function groupMistakes(
  { cert, key, ca }: Record<'cert' | 'key' | 'ca', FileKey>,
  config: Partial<Config>,
  unused: string | undefined,
): string[] {
  const name = (file: FileKey) => tlsFiles[file].name;
  const given = (file: FileKey) => config[file] !== undefined;
  const mistakes: string[] = [];
  if (given(cert) && !given(key)) {
    mistakes.push(`${name(cert)} is set without ${name(key)}; set both`);
  }
  if (given(key) && !given(cert)) {
    mistakes.push(`${name(key)} is set without ${name(cert)}; set both`);
  }
  if (given(ca) && !given(cert)) {
    mistakes.push(
      `${name(ca)} is set without ${name(cert)}: only a listener with TLS can ask for client ` +
        'certificates; set both, and the key',
    );
  }
  if (given(cert) && unused !== undefined) {
    mistakes.push(`${name(cert)} is set while ${unused}; unset it`);
  }
  return mistakes;
}
