/** Sends a change of an access token, then refreshes everything on the page. */

import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { useMutation } from '@connectrpc/connect-query';
import { useQueryClient } from '@tanstack/react-query';
import { useRequestId } from '../ui/use-request-id.ts';

/**
 * A change by `method`, with a request id that retries share. `run` resolves to the answer, or to
 * undefined when the change failed; `error` then says why.
 */
export function useChange<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
) {
  const mutation = useMutation(method);
  const requestId = useRequestId();
  const queryClient = useQueryClient();
  async function run(change: MessageInitShape<I>): Promise<MessageShape<O> | undefined> {
    try {
      const answer = await mutation.mutateAsync({ ...change, requestId: requestId.of(change) });
      requestId.done();
      // The answer may hold a secret: from here on, only the caller of `run` has it.
      mutation.reset();
      await queryClient.invalidateQueries({ queryKey: ['connect-query'] });
      return answer;
    } catch {
      return undefined;
    }
  }
  return { run, error: mutation.error, isBusy: mutation.isPending };
}
