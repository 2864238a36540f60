/**
 * The stored form of a document: JSON that begins with the revision and the id of the last change, so
 * that a script in Redis can read them without reading the rest.
 */

import type { StoredDocument } from '../documents.ts';
import type { JsonObject } from '../record.ts';
import { checkNeeds } from './needs.ts';

interface StoredText {
  rev: number;
  change: string;
  until?: number;
  body: JsonObject;
  /** As checkNeeds. */
  needs?: string[];
}

/** Encodes a document. `changeId` is that of its last change. */
export function encodeDocument(
  { revision, keepUntil, body }: StoredDocument,
  changeId: string,
): string {
  const until = keepUntil === undefined ? {} : { until: keepUntil };
  return JSON.stringify({ rev: revision, change: changeId, ...until, body } satisfies StoredText);
}

/** Decodes the text of a document, whose MAC was good. Throws NewerText. */
export function decodeDocument(id: string, text: string): StoredDocument {
  const { rev: revision, until, body, needs } = JSON.parse(text) as StoredText;
  checkNeeds(needs);
  return { id, revision, body, ...(until === undefined ? {} : { keepUntil: until }) };
}

/** The revision and the last change of a stored document, unproven. */
export function changeOf(text: string): { revision: number; changeId: string } {
  const [, revision = '', changeId = ''] = /^\{"rev":(\d+),"change":"([^"]*)"/.exec(text) ?? [];
  return { revision: Number(revision), changeId };
}

/** The ids of the master keys that the sealed values in a stored document need, unproven. */
export function sealedUnder(text: string): string[] {
  const ids: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { masterKeyId, value: sealed } = value as Record<string, unknown>;
    if (typeof masterKeyId === 'string' && typeof sealed === 'string') ids.push(masterKeyId);
    for (const each of Object.values(value)) walk(each);
  };
  try {
    walk(JSON.parse(text));
  } catch {
    // What cannot be read needs no key.
  }
  return ids;
}

/** When a stored document is over, unproven; Infinity for never. */
export function endOf(text: string): number {
  const [, until] = /^\{"rev":\d+,"change":"[^"]*","until":(\d+),/.exec(text) ?? [];
  return until === undefined ? Number.POSITIVE_INFINITY : Number(until);
}

/** Whether a document is over. `now` is in milliseconds since 1970. */
export function isOver({ keepUntil }: StoredDocument, now: number): boolean {
  return keepUntil !== undefined && keepUntil <= now;
}
