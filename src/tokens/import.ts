/** Imports tokens and jwt secrets of other systems, so that their holders can keep using them. */

import { v4, v7 } from 'uuid';
import type { AccessTokenRecord } from '../store/record.ts';
import { type ImportedEntry, type Store, Unavailable } from '../store/store.ts';
import type { HeaderLimits } from '../verify/credential.ts';
import {
  findByHash,
  type ImportedForm,
  importedDigest,
  readForm,
  writeForm,
} from '../verify/imported.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { byCaller } from './audit-names.ts';
import { adminScope, type Caller, demand, isVisible, ownerFor } from './caller.ts';
import { firstCeiling } from './ceiling.ts';
import { uuidOf } from './derived-uuid.ts';
import { TokenError } from './errors.ts';
import { checkAll } from './faults.ts';
import { auditFields, checkRequestId, invalid, recordFields } from './fields.ts';
import { grantsOf } from './grants.ts';
import { formsOf } from './import-forms.ts';
import {
  type CheckedItem,
  type CheckedJwtItem,
  checkItem,
  type ImportItem,
} from './import-item.ts';
import { importJwtSecret, type JwtImport, jwtEventId } from './import-jwt.ts';
import {
  existing,
  type ImportResult,
  notForOwners,
  refused,
  taken,
  unfinished,
  withIdsTaken,
} from './import-result.ts';

export type { ImportedSecret, ImportItem } from './import-item.ts';
export type { ImportResult } from './import-result.ts';

/** Options of an import. */
interface ImportOptions {
  /** Reports what the import would do, and changes nothing. */
  dryRun: boolean;
  /** Also imports tokens shorter than 20 characters, which can be guessed. */
  allowWeak: boolean;
  /** UUID; "" or absent for none. A repeat reports what the earlier call imported as imported. */
  requestId?: string | undefined;
}

/**
 * Imports tokens; the results are in the order of the items. Tokens imported before are left
 * unchanged, so an import can be repeated after any failure. Throws TokenError or Unavailable.
 */
export type Import = (
  caller: Caller,
  items: readonly ImportItem[],
  options: ImportOptions,
) => Promise<ImportResult[]>;

/** Limits of an import. */
export const importLimits = {
  /** Items per call. */
  itemsMax: 500,
  /** Distinct lengths of plain tokens; beyond it, verification looks up tokens of any length. */
  lengthsMax: 16,
} as const;

/** The dependencies of an import. */
export interface ImportDeps {
  store: Store;
  keys: MasterKeys;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** A token that verification would not read is not imported. */
  limits: HeaderLimits;
}

/** A token to import, and the state of its import. */
interface Plan {
  item: CheckedItem;
  digest: string;
  /** Id of the master key of the digest: by the time of the commit another one may be the first. */
  masterKeyId: string;
  /** What an earlier import, complete or not, reserved for it. */
  known: ImportedEntry | undefined;
  eventId: string;
}

/** The access token that a digest is reserved for. */
interface Target {
  id: string;
  /** This call reserved it. */
  isNew: boolean;
}

/** Creates the import. */
export function createImport(deps: ImportDeps): Import {
  const { store, now, limits } = deps;
  return async (caller, items, options) => {
    demand(caller, adminScope);
    checkAll(
      () => checkCount(items),
      () => checkRequestId(options.requestId),
    );
    const requestId = options.requestId?.toLowerCase() ?? '';
    const bounds = { ...limits, allowWeak: options.allowWeak };
    const at = now();
    const forms = (await store.importedForms()).map(readForm);
    const grants = await grantsOf(store, caller);
    const plans = await Promise.all(
      items.map(async item => {
        const { owner } = item.fields;
        try {
          const fields = { ...item.fields, owner: ownerFor(caller, owner) };
          const checked = checkItem({ ...item, fields }, bounds, at);
          if (caller.owners !== undefined) checkChoosesNoId(item, checked);
          grants.check(fields);
          if (checked.kind === 'jwt') {
            const { dryRun } = options;
            return await importJwt(deps, checked, { caller, requestId, dryRun, at });
          }
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
    const answers = plans.map((each): ImportResult => {
      if ('outcome' in each) return each;
      const result = byPlan.get(each);
      if (result !== undefined) return result;
      // The same token occurs earlier in these items.
      const twin = byPlan.get(first.get(each.digest) as Plan) as ImportResult;
      return twin.outcome === 'imported' ? { ...twin, outcome: 'existing' } : twin;
    });
    return options.dryRun ? withIdsTaken(items, answers) : answers;
  };
}

/** Imports a jwt secret; `id` names its access token, so the index of tokens has no part in it. */
async function importJwt(
  deps: ImportDeps,
  item: CheckedJwtItem,
  how: JwtImport,
): Promise<ImportResult> {
  const made = await importJwtSecret(deps, item, how);
  if (!('record' in made)) return made;
  const { caller, requestId, dryRun } = how;
  const record = dryRun ? made.record : await durable(deps.store, made.record);
  return existing(caller, record, jwtEventId(caller, requestId, item.id));
}

function checkCount(items: readonly ImportItem[]): void {
  if (items.length === 0) throw invalid('items', 'must not be empty');
  if (items.length <= importLimits.itemsMax) return;
  throw invalid('items', `has more than ${importLimits.itemsMax} entries`);
}

async function plan(
  { store, keys }: ImportDeps,
  item: CheckedItem,
  forms: readonly ImportedForm[],
  { actor }: Caller,
  requestId: string,
): Promise<Plan> {
  const masterKeyId = keys.currentId;
  const digest = importedDigest(keys, item.tokenHash, masterKeyId);
  const known = await findByHash(store, keys, forms, name => item.hashes[name]);
  if (known === undefined && item.id !== undefined && (await store.get(item.id))) throw taken();
  // A repeated request has the same event id, which shows what the earlier one imported.
  const eventId = requestId === '' ? v4() : uuidOf(`${actor}:${requestId}:${digest}`);
  return { item, digest, masterKeyId, known, eventId };
}

/** A caller with an owner could learn from the outcome whether the access token of a UUID exists. */
function checkChoosesNoId(item: ImportItem, { id }: CheckedItem | CheckedJwtItem): void {
  if (item.id) throw invalid('id', 'only a caller without an owner may choose it');
  if (id !== undefined) throw new TokenError('INVALID_ARGUMENT', notForOwners);
}

/**
 * What an import would do. It judges the item and what the caller may see, and looks up as much for a
 * token that another owner has as for an unknown one.
 */
async function foresee(store: Store, caller: Caller, { known, item }: Plan): Promise<ImportResult> {
  const record = await store.get(known?.tokenId ?? item.id ?? v7());
  if (record !== undefined && isVisible(caller, record)) return existing(caller, record);
  if (record === undefined && known !== undefined && isOther(item, known.tokenId)) {
    return refused(unfinished(known.tokenId));
  }
  return { outcome: 'imported', id: item.id ?? '', problem: '' };
}

/** Whether an item asks for another id than this. */
function isOther(item: CheckedItem, id: string): boolean {
  return item.id !== undefined && item.id !== id;
}

async function carryOut(
  deps: ImportDeps,
  caller: Caller,
  plans: readonly Plan[],
  forms: readonly ImportedForm[],
  requestId: string,
  at: number,
): Promise<ImportResult[]> {
  const { store } = deps;
  const unknown = plans.filter(({ known }) => known === undefined);
  const targets = new Map<Plan, Target>();
  for (const each of plans) targets.set(each, { id: each.known?.tokenId ?? '', isNew: false });
  if (unknown.length > 0) {
    const entries = unknown.map(({ digest, item }) => ({ digest, tokenId: item.id ?? v7() }));
    const added = formsOf(unknown, forms, importLimits.lengthsMax).map(writeForm);
    const reserved = await store.reserveImported(added, entries);
    for (const [n, each] of unknown.entries()) {
      const id = reserved[n] as string;
      targets.set(each, { id, isNew: id === entries[n]?.tokenId });
    }
  }
  // The call that reserved these may have failed before they were durable.
  await store.settleImported(plans.flatMap(({ known }) => known?.digest ?? []));
  // Waits for all, even when one fails: nothing may still be running when the call is answered.
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

/** Creates the access token of a reserved digest, unless it exists. */
async function settle(
  { store }: ImportDeps,
  caller: Caller,
  { item, digest, masterKeyId, known, eventId }: Plan,
  { id, isNew, requestId, at }: Target & { requestId: string; at: number },
): Promise<ImportResult> {
  // A newly reserved id has no record yet.
  const found = isNew ? undefined : await store.get(id);
  if (found !== undefined) return existing(caller, await durable(store, found), eventId);
  if (isOther(item, id)) return refused(unfinished(id));
  const { hash: hashed, imported, fields } = item;
  const secret = { masterKeyId, value: digest, hashed, createdAt: at };
  const written = recordFields(fields);
  const record: AccessTokenRecord = {
    ...{ id, revision: 1, kind: 'static', ...written, ...firstCeiling(caller, written) },
    ...{ createdAt: at, createdBy: caller.actor, updatedAt: at, eventId },
    ...{ secrets: [secret], imported },
  };
  const event = {
    ...{ id: eventId, time: at, action: 'token.import', tokenId: id },
    ...byCaller(caller),
    tokenName: record.name,
    ...{ after: auditFields(record), detail: imported, requestId },
  };
  const { outcome } = await store.commit({ record, event });
  if (outcome === 'done') return { outcome: 'imported', id, problem: '' };
  const other = await store.get(id);
  const same = known !== undefined || other?.secrets.some(({ value }) => value === digest);
  if (other === undefined || !same) return refused(taken().message);
  return existing(caller, await durable(store, other), eventId);
}

/** The record, once it would survive a failover as an import that was just made. Throws Unavailable. */
async function durable(store: Store, record: AccessTokenRecord): Promise<AccessTokenRecord> {
  await store.settle(record.id);
  const again = await store.get(record.id);
  if (again !== undefined) return again;
  throw new Unavailable('a failover lost an imported token; repeat the import');
}
