/** What a job could not change, and why. */

import { useInfiniteQuery } from '@connectrpc/connect-query';
import { Anchor, Button, Table, Text, Title } from '@mantine/core';
import { Link } from 'wouter';
import { type Job, JobService } from '../../../gen/usher/v1/jobs_pb.ts';
import { sayCount } from './words.ts';

/** The reasons with their counts, then the access tokens. */
export function JobFailures({ job }: { job: Job }) {
  const { data, fetchNextPage, hasNextPage, isFetching } = useInfiniteQuery(
    JobService.method.listJobFailures,
    { id: job.id, pageToken: '' },
    {
      pageParamKey: 'pageToken',
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      staleTime: 0,
    },
  );
  const failures = data?.pages.flatMap(page => page.failures) ?? [];
  return (
    <div className="card padded">
      <Title order={2} size="h4" mb="xs">
        {sayCount(job.failed)} failed
      </Title>
      {job.failures.map(({ reason, count }) => (
        <Text key={reason} size="sm">
          {sayCount(count)}: {reason}
        </Text>
      ))}
      <Table mt="sm" verticalSpacing={6}>
        <Table.Tbody>
          {failures.map(({ tokenId, reason }) => (
            <Table.Tr key={tokenId}>
              <Table.Td>
                <Anchor component={Link} href={`/tokens/${tokenId}`} className="wrap-anywhere">
                  {tokenId}
                </Anchor>
              </Table.Td>
              <Table.Td>{reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {hasNextPage && (
        <Button mt="sm" variant="default" loading={isFetching} onClick={() => void fetchNextPage()}>
          More
        </Button>
      )}
    </div>
  );
}
