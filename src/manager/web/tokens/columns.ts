/** The columns of the list of access tokens: which there are, which are shown, and how each sorts. */

import { useLocalStorage } from '@mantine/hooks';
import type { SortName } from './filters.ts';

/** A column. */
export interface Column {
  id: 'name' | 'kind' | 'state' | 'owner' | 'scopes' | 'used' | 'expires' | 'created' | 'maker';
  title: string;
  /** The orders that a click on its head asks for, in turn; absent for none. */
  sorts?: readonly [first: SortName, opposite: SortName];
  /** Whether the first of these goes from low to high. */
  isAscending?: boolean;
  /** Whether it is shown until the reader chooses. */
  isUsual: boolean;
}

/** All columns, in order. The first is always shown: it has the link. */
export const columns: readonly Column[] = [
  { id: 'name', title: 'Name', sorts: ['name', '-name'], isAscending: true, isUsual: true },
  { id: 'kind', title: 'Kind', isUsual: true },
  { id: 'state', title: 'State', isUsual: true },
  { id: 'owner', title: 'Owner', sorts: ['owner', '-owner'], isAscending: true, isUsual: true },
  { id: 'scopes', title: 'Scopes', isUsual: true },
  { id: 'used', title: 'Last used', sorts: ['used', '-used'], isUsual: true },
  {
    id: 'expires',
    title: 'Expires',
    sorts: ['expiry', '-expiry'],
    isAscending: true,
    isUsual: true,
  },
  { id: 'created', title: 'Created', sorts: ['newest', 'oldest'], isUsual: false },
  { id: 'maker', title: 'Made by', isUsual: false },
];

const usual = columns.filter(({ isUsual }) => isUsual).map(({ id }) => id);

/** The columns that the reader of this browser wants to see, and a function that changes them. */
export function useShownColumns(): [Column[], (ids: Column['id'][]) => void] {
  const [ids, setIds] = useLocalStorage<Column['id'][]>({
    key: 'usher-columns',
    defaultValue: usual,
    getInitialValueInEffect: false,
  });
  // What is stored can be of another version.
  const wanted = Array.isArray(ids) ? ids : usual;
  return [columns.filter(({ id }) => id === 'name' || wanted.includes(id)), setIds];
}

/** The order that a click on a column's head asks for. */
export function nextSort({ sorts }: Column, sort: SortName): SortName | undefined {
  return sorts?.[sorts[0] === sort ? 1 : 0];
}

/** The value of aria-sort: undefined for a column that cannot be sorted by. */
export function ariaSort({ sorts, isAscending = false }: Column, sort: SortName) {
  if (sorts === undefined) return undefined;
  const place = sorts.indexOf(sort);
  if (place < 0) return 'none';
  return (place === 0) === isAscending ? 'ascending' : 'descending';
}
