/** The bell: what needs someone's attention. */

import { useQuery } from '@connectrpc/connect-query';
import { ActionIcon, Box, Indicator, Popover } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { NoticeService } from '../../../gen/usher/v1/notices_pb.ts';
import { useSeen } from './seen.ts';

const NoticeList = lazy(() => import('./notice-list.tsx'));

/** How often the notices are read, in milliseconds. */
const refreshMs = 60_000;
const countShownMax = 99;

/** The button with the number of new notices; it opens their list. */
export function Bell() {
  const [isOpen, setOpen] = useState(false);
  const [seen, markSeen] = useSeen();
  const list = useQuery(
    NoticeService.method.listNotices,
    {},
    { refetchInterval: refreshMs, staleTime: refreshMs / 2 },
  );
  const notices = list.data?.notices ?? [];
  const fresh = notices.filter(({ id }) => !seen.has(id));
  const count = fresh.length;
  const label = count === 0 ? 'Notices: nothing new' : `Notices: ${count} new`;
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-start"
      width={340}
      trapFocus
      returnFocus
      withRoles={false}
    >
      <Popover.Target>
        <Indicator
          disabled={count === 0}
          label={Math.min(count, countShownMax)}
          size={16}
          offset={5}
          color={fresh.some(({ urgent }) => urgent) ? 'red.8' : 'usher.7'}
        >
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={label}
            title={label}
            aria-expanded={isOpen}
            aria-haspopup="dialog"
            onClick={() => {
              setOpen(open => !open);
              if (!isOpen) void list.refetch();
            }}
          >
            <IconBell size={18} aria-hidden />
          </ActionIcon>
        </Indicator>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label="Notices" className="notices">
        {/* The focus goes here while the list is loaded. */}
        <Box tabIndex={-1} data-autofocus className="no-ring">
          <Suspense fallback={null}>
            <NoticeList
              notices={notices}
              more={list.data?.more ?? false}
              error={list.error}
              seen={seen}
              onSeen={markSeen}
              onGo={() => setOpen(false)}
            />
          </Suspense>
        </Box>
      </Popover.Dropdown>
      <span className="sr-only" role="status">
        {count > 0 ? `${count} new ${count === 1 ? 'notice' : 'notices'}` : ''}
      </span>
    </Popover>
  );
}
