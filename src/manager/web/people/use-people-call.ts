/** Sends a change of people or sessions, then refreshes everything on the page. */

import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { useMutation } from '@connectrpc/connect-query';
import { useQueryClient } from '@tanstack/react-query';

/** `run` resolves to the answer, or to undefined when the change failed; `error` then says why. */
export function usePeopleCall<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
) {
  const mutation = useMutation(method);
  const queryClient = useQueryClient();
  async function run(change: MessageInitShape<I>): Promise<MessageShape<O> | undefined> {
    try {
      const answer = await mutation.mutateAsync(change);
      await queryClient.invalidateQueries({ queryKey: ['connect-query'] });
      return answer;
    } catch {
      return undefined;
    }
  }
  return { run, error: mutation.error, isBusy: mutation.isPending };
}
