/** Sends a change of an access token, then refreshes everything on the page. */

import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { useMutation } from '@connectrpc/connect-query';
import { useQueryClient } from '@tanstack/react-query';
import { useRequestId } from '../ui/use-request-id.ts';

/**
 * A change by `method`, with a request id that retries share. `run` resolves to the answer, or to
 * undefined when the change failed; `error` then says why, after `onFailure` has ended. A conflict with
 * another change reads everything on the page again.
 */
export function useChange<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  onFailure?: (code: Code) => Promise<void>,
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
    } catch (error) {
      const { code } = ConnectError.from(error);
      // The page shows what is there now, and the next try is based on it.
      if (code === Code.Aborted) {
        await queryClient.invalidateQueries({ queryKey: ['connect-query'] });
      }
      await onFailure?.(code);
      return undefined;
    }
  }
  return { run, error: mutation.error, isBusy: mutation.isPending };
}
