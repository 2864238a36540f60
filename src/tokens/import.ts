/** Takes in static tokens of other systems, so that those who hold them go on as before. */

import { hash } from 'node:crypto';
import { v4, v7 } from 'uuid';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import {
  findByHash,
  type ImportedForm,
  importedDigest,
  readForm,
  writeForm,
} from '../verify/imported.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { adminScope, type Caller, demand, ownerFor } from './caller.ts';
import { TokenError } from './errors.ts';
import { auditFields, checkUuid, invalid, present } from './fields.ts';
import { type CheckedItem, checkItem, type ImportItem } from './import-item.ts';

export type { ImportedSecret, ImportItem } from './import-item.ts';

/** How to take tokens in. */
interface ImportOptions {
  /** Only says what would be done. */
  dryRun: boolean;
  /** Takes also tokens that are short enough to be guessed. */
  allowWeak: boolean;
  requestId?: string | undefined;
}

/** What became of a token. */
export interface ImportResult {
  outcome: 'imported' | 'existing' | 'refused';
  /** "" where there is none, or none for the caller to know. */
  id: string;
  /** Why it was refused; otherwise "". */
  problem: string;
}

/**
 * Takes tokens in; the results are in the order of the items. What is there already is not made anew,
 * so that it may be done again after any failure. Throws TokenError or Unavailable.
 */
export type Import = (
  caller: Caller,
  items: readonly ImportItem[],
  options: ImportOptions,
) => Promise<ImportResult[]>;

/** Bounds of an import. */
export const importLimits = {
  itemsMax: 500,
  /** Lengths of plain tokens that are told apart; with more of them, any length is looked for. */
  lengthsMax: 16,
} as const;

/** What an import needs. */
export interface ImportDeps {
  store: Store;
  keys: MasterKeys;
  now: () => number;
}

/** A token that is to be taken in, with what is known of it. */
interface Plan {
  item: CheckedItem;
  digest: string;
  /** The access token that it leads to already, if it was begun before. */
  known: string | undefined;
  eventId: string;
}

/** The access token that a digest leads to. */
interface Target {
  id: string;
  /** Reserved by this very call. */
  isNew: boolean;
}

/** Makes it. */
export function createImport(deps: ImportDeps): Import {
  const { store, now } = deps;
  return async (caller, items, options) => {
    demand(caller, adminScope);
    if (items.length === 0) throw invalid('items', 'are none');
    if (items.length > importLimits.itemsMax) {
      throw invalid('items', `are more than ${importLimits.itemsMax}`);
    }
    const requestId = options.requestId ? checkUuid('request_id', options.requestId) : '';
    const at = now();
    const forms = (await store.importedForms()).map(readForm);
    const plans = await Promise.all(
      items.map(async item => {
        const { owner } = item.fields;
        try {
          const fields = { ...item.fields, owner: ownerFor(caller, owner) };
          const checked = checkItem({ ...item, fields }, options.allowWeak, at);
          return await plan(deps, checked, forms, caller, requestId);
        } catch (error) {
          if (error instanceof TokenError) return refused(error.message);
          throw error;
        }
      }),
    );

    const first = new Map<string, Plan>();
    for (const each of plans) {
      if ('digest' in each && !first.has(each.digest)) first.set(each.digest, each);
    }
    const wanted = [...first.values()];
    const results = options.dryRun
      ? await Promise.all(wanted.map(each => foresee(store, caller, each)))
      : await carryOut(deps, caller, wanted, forms, requestId, at);
    const byPlan = new Map(wanted.map((each, n) => [each, results[n] as ImportResult]));
    return plans.map(each => {
      if ('outcome' in each) return each;
      const result = byPlan.get(each);
      if (result !== undefined) return result;
      // The same token further up in these items.
      const twin = byPlan.get(first.get(each.digest) as Plan) as ImportResult;
      return twin.outcome === 'imported' ? { ...twin, outcome: 'existing' } : twin;
    });
  };
}

async function plan(
  { store, keys }: ImportDeps,
  item: CheckedItem,
  forms: readonly ImportedForm[],
  { actor }: Caller,
  requestId: string,
): Promise<Plan> {
  const digest = importedDigest(keys, item.tokenHash, keys.currentId);
  const known = await findByHash(store, keys, forms, name => item.hashes[name]);
  if (known === undefined && item.id !== undefined && (await store.get(item.id))) throw taken();
  // A repeated request makes the same event, by which what it did before is recognised.
  const eventId = requestId === '' ? v4() : uuidOf(`${actor}:${requestId}:${digest}`);
  return { item, digest, known, eventId };
}

async function foresee(store: Store, caller: Caller, { known, item }: Plan): Promise<ImportResult> {
  const record = known === undefined ? undefined : await store.get(known);
  if (record !== undefined) return existing(caller, record);
  return { outcome: 'imported', id: item.id ?? '', problem: '' };
}

async function carryOut(
  deps: ImportDeps,
  caller: Caller,
  plans: readonly Plan[],
  forms: readonly ImportedForm[],
  requestId: string,
  at: number,
): Promise<ImportResult[]> {
  const { store, keys } = deps;
  const unknown = plans.filter(({ known }) => known === undefined);
  const targets = new Map<Plan, Target>();
  for (const each of plans) targets.set(each, { id: each.known ?? '', isNew: false });
  if (unknown.length > 0) {
    const entries = unknown.map(({ digest, item }) => ({ digest, tokenId: item.id ?? v7() }));
    const added = formsOf(unknown, forms, keys.currentId).map(writeForm);
    const reserved = await store.reserveImported(added, entries);
    for (const [n, each] of unknown.entries()) {
      const id = reserved[n] as string;
      targets.set(each, { id, isNew: id === entries[n]?.tokenId });
    }
  }
  // All must have ended, whatever became of one: what goes on behind an answer cannot be waited for.
  const settled = await Promise.allSettled(
    plans.map(each => {
      const { id, isNew } = targets.get(each) as Target;
      return settle(deps, caller, each, { id, isNew, requestId, at });
    }),
  );
  return settled.map(result => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** The forms that verification must know of. */
function formsOf(
  plans: readonly Plan[],
  known: readonly ImportedForm[],
  masterKeyId: string,
): ImportedForm[] {
  const forms: ImportedForm[] = [];
  const lengths = new Set(plans.flatMap(({ item }) => item.length ?? []));
  const before = known.filter(form => form.masterKeyId === masterKeyId && form.hash === 'sha256');
  for (const { length } of before) if (length !== undefined) lengths.add(length);
  const apart = lengths.size <= importLimits.lengthsMax;
  for (const { item } of plans) {
    const form = { hash: item.hash, masterKeyId };
    forms.push(item.length === undefined || !apart ? form : { ...form, length: item.length });
  }
  return [...new Map(forms.map(form => [writeForm(form), form])).values()];
}

/** Makes the access token that was reserved, unless it is there. */
async function settle(
  { store, keys }: ImportDeps,
  caller: Caller,
  { item, digest, known, eventId }: Plan,
  { id, isNew, requestId, at }: Target & { requestId: string; at: number },
): Promise<ImportResult> {
  // One that was reserved just now, under an id of its own, cannot be there.
  const found = isNew ? undefined : await store.get(id);
  if (found !== undefined) return existing(caller, found, eventId);
  if (item.id !== undefined && item.id !== id) {
    return refused(`id: must be ${id}, as an import that was broken off gave it, or none`);
  }
  const { hash: hashed, imported, fields } = item;
  const secret = { masterKeyId: keys.currentId, value: digest, hashed, createdAt: at };
  const record: AccessTokenRecord = {
    ...{ id, revision: 1, kind: 'static', ...present(fields) },
    ...{ createdAt: at, updatedAt: at, secrets: [secret], imported, eventId },
  };
  const { actor, peer } = caller;
  const event = {
    ...{ id: eventId, time: at, action: 'token.import', actor, peer, tokenId: id },
    ...{ after: auditFields(record), detail: imported, requestId },
  };
  const { outcome } = await store.commit({ record, event });
  if (outcome === 'done') return { outcome: 'imported', id, problem: '' };
  const other = await store.get(id);
  const same = known !== undefined || other?.secrets.some(({ value }) => value === digest);
  return other !== undefined && same ? existing(caller, other, eventId) : refused(taken().message);
}

function existing(caller: Caller, record: AccessTokenRecord, eventId?: string): ImportResult {
  const visible = caller.owner === undefined || record.owner === caller.owner;
  const outcome = record.eventId === eventId ? 'imported' : 'existing';
  return { outcome, id: visible ? record.id : '', problem: '' };
}

function refused(problem: string): ImportResult {
  return { outcome: 'refused', id: '', problem };
}

function taken(): TokenError {
  return invalid('id', 'is that of another access token');
}

/** A UUID (RFC 9562, version 8) that a text leads to. */
function uuidOf(text: string): string {
  const hex = hash('sha256', text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
