/** Under which forms imported tokens are looked up: by few lengths, or else by any. */

import { type ImportedForm, writeForm } from '../verify/imported.ts';
import type { CheckedItem } from './import-item.ts';

/** A token that a call imports, and the id of the master key of its digest. */
interface NewToken {
  item: Pick<CheckedItem, 'hash' | 'length'>;
  masterKeyId: string;
}

/**
 * The forms under which verification must look up these tokens, beside the known ones. A master key has
 * plain tokens of `lengthsMax` lengths apart; those beyond are looked up by any length.
 */
export function formsOf(
  tokens: readonly NewToken[],
  known: readonly ImportedForm[],
  lengthsMax: number,
): ImportedForm[] {
  const forms: ImportedForm[] = [];
  const lengths = new Set(tokens.flatMap(({ item }) => item.length ?? []));
  const inUse = new Set(tokens.map(({ masterKeyId }) => masterKeyId));
  const before = known.filter(form => inUse.has(form.masterKeyId));
  for (const { length } of before) if (length !== undefined) lengths.add(length);
  const apart = lengths.size <= lengthsMax;
  for (const { item, masterKeyId } of tokens) {
    const form = { hash: item.hash, masterKeyId };
    forms.push(item.length === undefined || !apart ? form : { ...form, length: item.length });
  }
  return [...new Map(forms.map(form => [writeForm(form), form])).values()];
}
