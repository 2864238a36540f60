/** The standard variables of the OTLP exporter, which itself ignores wrong ones, and then sends nothing. */

import { accessSync, constants } from 'node:fs';

/** Throws Error for one that is wrong, with what to do. */
export function checkExporterVariables(env: Readonly<Record<string, string | undefined>>): void {
  for (const [kinds, check] of checks) {
    for (const kind of kinds) {
      for (const name of [`OTEL_EXPORTER_OTLP_${kind}`, `OTEL_EXPORTER_OTLP_TRACES_${kind}`]) {
        const value = env[name];
        if (value !== undefined && value !== '') check(name, value);
      }
    }
  }
}

/** The number in a variable. Throws Error if it is none. */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${name} is ${text}; use a whole number from 1`);
}

function address(name: string, text: string): void {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol === 'http:' || protocol === 'https:') return;
  // It can hold a password.
  throw new Error(`${name} is no address; use one such as http://127.0.0.1:4318`);
}

function readable(name: string, path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new Error(`${name} names a file that cannot be read; check its path and its permissions`);
  }
}

const checks = [
  [['ENDPOINT'], address],
  [['TIMEOUT'], wholeNumber],
  [['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY'], readable],
] as const;
