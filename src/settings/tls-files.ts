/** The settings that name files for TLS connections which Usher itself opens. */

import type { StoreAddress } from '../store/address.ts';
import { readTlsFiles, TlsFileError, type TlsFiles } from '../tls/files.ts';
import type { Setting } from './setting.ts';
import { filePath } from './values.ts';

const pemFile = 'path of a PEM file that begins with `/`, `./` or `../`';

function fileSetting(name: string, meaning: string, without = 'none'): Setting<string> {
  return { name, meaning, range: pemFile, without, read: filePath };
}

const machine = 'the authorities that Node trusts';
const keyMeaning = 'File with the key of that certificate, without a passphrase';

/** Files for the connections to Redis. */
export const storeTlsFiles = {
  storeCaFile: fileSetting(
    'USHER_STORE_CA_FILE',
    'File with the authorities that may sign the certificate of Redis and of its Sentinels, instead ' +
      'of those of the machine; this file and the next two are read again for each new connection',
    machine,
  ),
  storeCertFile: fileSetting(
    'USHER_STORE_CERT_FILE',
    'File with the client certificate that Usher shows to Redis and its Sentinels',
  ),
  storeKeyFile: fileSetting('USHER_STORE_KEY_FILE', keyMeaning),
};

/** Files for the connections of the command line to the API Manager. */
export const managerTlsFiles = {
  managerCaFile: fileSetting(
    'USHER_MANAGER_CA_FILE',
    'File with the authorities that may sign the certificate of that address, for the command line',
    machine,
  ),
  managerCertFile: fileSetting(
    'USHER_MANAGER_CERT_FILE',
    'File with the client certificate that the command line shows there',
  ),
  managerKeyFile: fileSetting('USHER_MANAGER_KEY_FILE', keyMeaning),
};

/** All of these. */
export const clientTlsFiles = { ...storeTlsFiles, ...managerTlsFiles };

/** The settings of the connections to one place. */
export interface ClientTlsSettings {
  /** What their names begin with, such as "USHER_STORE". */
  prefix: string;
  /** The setting with the address, and what its value must be. */
  address: string;
  /** Whether that address is one with TLS. */
  isTls: boolean;
  files: TlsFiles;
}

/** A sentence for the first file that cannot be used; undefined when there is none. */
export function clientTlsMistake(settings: ClientTlsSettings): string | undefined {
  const { prefix, address, isTls, files } = settings;
  const given = (['ca', 'cert', 'key'] as const).find(file => files[file] !== undefined);
  if (given === undefined) return undefined;
  if (!isTls)
    return `${nameOf(prefix, given)} is set, but ${address}; correct it, or unset the file`;
  try {
    readTlsFiles(files);
    return undefined;
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    return `${nameOf(prefix, error.file)} ${error.message}`;
  }
}

/** The settings of the connections to the store, as far as they were read. */
export function storeTlsSettings(config: {
  store?: StoreAddress;
  storeCaFile?: string;
  storeCertFile?: string;
  storeKeyFile?: string;
}): ClientTlsSettings {
  const { store, storeCaFile: ca, storeCertFile: cert, storeKeyFile: key } = config;
  return {
    prefix: 'USHER_STORE',
    address: 'USHER_STORE is not an address with TLS, such as rediss://',
    // Without an address its own mistake is reported.
    isTls: store === undefined || (store.kind === 'redis' && store.tls),
    files: { ca, cert, key },
  };
}

function nameOf(prefix: string, file: keyof TlsFiles): string {
  return `${prefix}_${file.toUpperCase()}_FILE`;
}
