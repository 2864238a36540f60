/** How far a search went, how many rows there are, and the way to other pages. */

import { Button, Group, Progress, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconPlayerStop } from '@tabler/icons-react';
import type { Rows } from './read-rows.ts';
import type { TokenList } from './use-token-list.ts';

/** The progress of a search that takes a while, with a button that ends it. */
export function SearchProgress({ list }: { list: TokenList }) {
  const { page, isSearching, isStale } = list;
  if (!isSearching || isStale || page === undefined) return null;
  const { searched, total } = page;
  return (
    <Group className="card search-progress" gap="md" wrap="nowrap">
      <div className="grow">
        <Text size="sm" mb={6}>
          Searched {searched.toLocaleString('en')} of {total.toLocaleString('en')},{' '}
          {page.matching.toLocaleString('en')} found
        </Text>
        <Progress
          value={total === 0 ? 100 : (100 * searched) / total}
          size="sm"
          aria-label="Searched"
        />
      </div>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlayerStop size={14} aria-hidden />}
        onClick={list.stop}
      >
        Stop
      </Button>
    </Group>
  );
}

/** Which rows are shown of how many, and buttons to the page before and the next one. */
export function PageTurner({ list, filtered }: { list: TokenList; filtered: boolean }) {
  const { page, before, isSearching } = list;
  if (page === undefined || isSearching) return null;
  return (
    <Group justify="space-between" mt="md" gap="sm">
      <Text size="sm" c="dimmed" role="status">
        {sayRows(page, before, filtered)}
      </Text>
      {(list.next || list.previous) && (
        <Group gap="xs" component="nav" aria-label="Pages">
          <Button
            variant="default"
            size="xs"
            leftSection={<IconChevronLeft size={14} aria-hidden />}
            disabled={list.previous === undefined}
            onClick={list.previous}
          >
            Previous
          </Button>
          <Button
            variant="default"
            size="xs"
            rightSection={<IconChevronRight size={14} aria-hidden />}
            disabled={list.next === undefined}
            onClick={list.next}
          >
            {page.isStopped ? 'Search on' : 'Next'}
          </Button>
        </Group>
      )}
    </Group>
  );
}

/** "1–50 of 8,112 found, 100,000 in all". */
function sayRows(page: Rows, before: number, filtered: boolean): string {
  const { rows, total, searched, matching, isCounted, isStopped } = page;
  const number = (count: number) => count.toLocaleString('en');
  const all = `${number(total)} in all`;
  if (isStopped) {
    return `${number(rows.length)} found, searched ${number(searched)} of ${all}`;
  }
  const range = rows.length === 0 ? '0' : `${number(before + 1)}–${number(before + rows.length)}`;
  const isWhole = isCounted && matching === total;
  if (!filtered && isWhole) return `${range} of ${all}`;
  return `${range} of ${number(matching)}${isCounted ? '' : ' or more'} found, ${all}`;
}
