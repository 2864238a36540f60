/** Sends a change of a webhook, then refreshes everything on the page. */

import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { useMutation } from '@connectrpc/connect-query';
import { useQueryClient } from '@tanstack/react-query';

/**
 * A call of `method`, which is not repeated. `run` resolves to the answer, or to undefined when it failed;
 * `error` then says why.
 */
export function useCall<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
) {
  const mutation = useMutation(method, { retry: false });
  const queryClient = useQueryClient();
  async function run(request: MessageInitShape<I>): Promise<MessageShape<O> | undefined> {
    try {
      const answer = await mutation.mutateAsync(request);
      // The answer may hold a secret: from here on, only the caller of `run` has it.
      mutation.reset();
      return answer;
    } catch {
      return undefined;
    } finally {
      // Also after a failure: the page then shows what is there now.
      await queryClient.invalidateQueries({ queryKey: ['connect-query'] });
    }
  }
  return { run, error: mutation.error, isBusy: mutation.isPending };
}
