/** Writes the new tokens and secrets of a job to a file. */

import type { Admin } from '../api/connect.ts';
import { forgetJobSecrets, type JobSecret, jobSecrets } from '../api/jobs.ts';
import { type SecretFormat, secretsHead, secretsText } from '../wording/secrets-csv.ts';
import type { Context } from './context.ts';
import { writeNewFile } from './new-file.ts';

/** Where they go. */
export interface SecretsTarget {
  /** A new file; absent for the standard output. */
  out?: string;
  /** Absent for the format that the file's name ends with, and CSV otherwise. */
  format?: SecretFormat;
  /** Whether the server keeps them. */
  keep?: true;
}

/** Entries that are written together. */
const batchSize = 500;

/**
 * Writes them, and has the server forget them once the file is written. The server keeps those that go to
 * the standard output. Throws UsageError and AdminError.
 */
export async function writeSecrets(
  { terminal }: Context,
  admin: Admin,
  id: string,
  { out, format = out?.endsWith('.jsonl') ? 'jsonl' : 'csv', keep }: SecretsTarget,
): Promise<void> {
  const texts = textsOf(jobSecrets(admin, id), format);
  if (out === undefined) {
    for await (const text of texts) terminal.out(text.replace(/\r?\n$/, ''));
    return;
  }
  await writeNewFile(out, texts);
  if (keep) return;
  await forgetJobSecrets(admin, id);
  terminal.note(`the new tokens and secrets are in ${out}, and the server has forgotten them`);
}

async function* textsOf(
  secrets: AsyncIterable<JobSecret>,
  format: SecretFormat,
): AsyncGenerator<string> {
  let batch: JobSecret[] = [];
  let isFirst = true;
  const text = () => `${isFirst ? secretsHead(format) : ''}${secretsText(format, batch)}`;
  for await (const secret of secrets) {
    batch.push(secret);
    if (batch.length < batchSize) continue;
    yield text();
    isFirst = false;
    batch = [];
  }
  if (batch.length > 0) yield text();
}
