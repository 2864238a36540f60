/** The changes that were lost and not accepted, as the log's own entries tell them. */

import type { AuditEvent, ChainedEvent } from '../audit.ts';
import type { ChangedDocument } from '../documents.ts';
import type { LostChange } from '../status.ts';
import { Unavailable } from '../store.ts';
import { type LostDocument, nameOf } from './documents.ts';
import { healedAction, type Loss } from './loss-entries.ts';

/** What is lost at present. */
export interface LostChanges {
  /** Whether the record of an access token is not what it was. */
  has(tokenId: string): boolean;
  /** Whether a document at this revision is older than one that was known. */
  hasDocument(document: Required<ChangedDocument>): boolean;
  /** Whether a loss of changes of a document is known. */
  knows(document: ChangedDocument): boolean;
  /** The changes, oldest first. */
  changes(): LostChange[];
  /** All of it, as one loss. */
  all(): Loss;
  /** Adds a loss. */
  add(loss: Loss): void;
  /** Takes in entries of the log, in their order: losses add to it, and an acceptance ends it. */
  read(events: readonly ChainedEvent[]): void;
  /** The loss was accepted. */
  clear(): void;
}

/** Creates it. `onMore` is called when a loss is added that was not known. */
export function createLostChanges(onMore: () => void = () => undefined): LostChanges {
  const tokenIds = new Set<string>();
  const documents = new Map<string, number>();
  const changes = new Map<string, LostChange>();
  const add = (loss: Loss) => {
    const isMore =
      loss.tokenIds.some(id => !tokenIds.has(id)) ||
      loss.documents.some(({ name, revision }) => revision > (documents.get(name) ?? 0));
    for (const id of loss.tokenIds) tokenIds.add(id);
    for (const { name, revision } of loss.documents) {
      documents.set(name, Math.max(revision, documents.get(name) ?? 0));
    }
    for (const change of loss.changes) changes.set(`${change.sequence} ${change.tokenId}`, change);
    if (isMore) onMore();
  };
  const clear = () => {
    tokenIds.clear();
    documents.clear();
    changes.clear();
  };
  const sorted = () => [...changes.values()].sort((a, b) => a.sequence - b.sequence);
  return {
    has: id => tokenIds.has(id),
    hasDocument: document => document.revision < (documents.get(nameOf(document)) ?? 0),
    knows: document => documents.has(nameOf(document)),
    changes: sorted,
    all: () => ({
      changes: sorted(),
      tokenIds: [...tokenIds],
      documents: [...documents].map(([name, revision]) => ({ name, revision })),
    }),
    add,
    read(events) {
      for (const event of events) {
        if (event.action === acceptAction) clear();
        const loss = lossIn(event);
        if (loss !== undefined) add(loss);
      }
    },
    clear,
  };
}

/** The action of the entry by which someone accepts all losses before it. */
export const acceptAction = 'store.accept';

/** The loss, or part of one, that an entry of the log is about; undefined for another entry. */
export function lossIn({ action, after }: Pick<AuditEvent, 'action' | 'after'>): Loss | undefined {
  if (action !== healedAction) return undefined;
  const told = (after ?? {}) as Partial<Record<string, unknown>>;
  const { lost = [], unavailable = [], documents = [] } = told;
  return {
    changes: lost as LostChange[],
    tokenIds: unavailable as string[],
    documents: documents as LostDocument[],
  };
}

/** The error for what is not what it was, since changes of it were lost. */
export function changesLost(what: 'access token' | 'document'): Unavailable {
  return new Unavailable(`the store lost changes of this ${what}`);
}
