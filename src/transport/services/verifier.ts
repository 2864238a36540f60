/** VerifierService: the handlers of its rpcs, the same for every protocol. */

import { create } from '@bufbuild/protobuf';
import type {
  IssueJwtRequest,
  StreamVerifyRequest,
  VerifyRequest,
} from '../../gen/usher/v1/verifier_pb.ts';
import {
  BatchVerifyResponseSchema,
  HelloResponseSchema,
  IssueJwtResponseSchema,
  type StreamVerifyResponse_Item,
  StreamVerifyResponse_ItemSchema,
  StreamVerifyResponseSchema,
  type VerifierService,
} from '../../gen/usher/v1/verifier_pb.ts';
import { type Awaitable, allAwaitable, mapAwaitable } from '../../store/awaitable.ts';
import { Unavailable } from '../../store/store.ts';
import type { Caller } from '../../tokens/caller.ts';
import { Faults } from '../../tokens/faults.ts';
import { invalid } from '../../tokens/fields.ts';
import { checkOrderAlone, type IssueJwt, type JwtOrder } from '../../tokens/issue.ts';
import type { VerifyCaller } from '../../tokens/verify-callers.ts';
import type { Verdict } from '../../verify/verdict.ts';
import type { Question } from '../../verify/verify.ts';
import { type Admit, letIn } from '../rpc/admission.ts';
import { authorization, type Call, type DoorVerify } from '../rpc/call.ts';
import { unavailableText } from '../rpc/failure.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { inOrder } from '../rpc/in-order.ts';
import { denialError } from '../rpc/rpc-error.ts';
import { safeInteger, wholeSeconds } from '../rpc/time.ts';
import { hello } from './hello.ts';
import { whileLetIn } from './let-in.ts';
import { questionOf } from './question.ts';
import { verifyResponse } from './verify-response.ts';
import type { Watch } from './watch.ts';

export { VerifierService } from '../../gen/usher/v1/verifier_pb.ts';

/** What VerifierService needs. */
export interface VerifierDeps {
  verify: DoorVerify;
  /** Lets calls ask for verdicts on the tokens of others. */
  admit: Admit<Call>;
  /** How often the caller of a stream is looked at again, in milliseconds; absent where anyone is let in. */
  admitAgainMs?: number;
  issueJwt: IssueJwt;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
  /** The address of the caller, whose own token Hello judges. */
  addressOf(call: Call): string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Follows invalidations for the callers of WatchInvalidations. */
  watch: Watch;
  /** UUID of this server process, the same as in watch positions. */
  instance: string;
  /** Most requests in a batch, and most items in a message of StreamVerify. */
  batchMax: number;
  /** Most messages of one stream processed concurrently. */
  streamMessagesAtOnceMax: number;
}

/** The handlers of VerifierService. */
export function verifierHandlers(deps: VerifierDeps): Handlers<typeof VerifierService> {
  const { verify, admit, admitAgainMs, batchMax } = deps;
  const ownQuestion = (call: Call) => ({
    header: authorization(call),
    source: deps.addressOf(call),
  });

  return {
    hello: (_request, call) =>
      mapAwaitable(verify(ownQuestion(call), call.door), verdict => {
        if (!verdict.valid) throw denialError(verdict);
        return create(HelloResponseSchema, hello(deps.now()));
      }),

    verify: (request, call) =>
      letIn(admit, call, 'VerifierService.verify', caller =>
        mapAwaitable(verify(questionOf(request), call.door, caller), verifyResponse),
      ),

    batchVerify: ({ requests }, call) =>
      letIn(admit, call, 'VerifierService.batchVerify', caller => {
        call.asks?.(requests.length);
        const questions = questionsOf(requests, batchMax);
        const asked = questions.map(question => verify(question, call.door, caller));
        return mapAwaitable(allAwaitable(asked), verdicts => {
          const response = create(BatchVerifyResponseSchema);
          response.responses = verdicts.map(verifyResponse);
          response.instance = deps.instance;
          return response;
        });
      }),

    async *streamVerify(requests, call) {
      const admitted = async () => letIn(admit, call, 'VerifierService.streamVerify', itself);
      await admitted();
      let isFirst = true;
      const work = async (message: StreamVerifyRequest) => {
        call.asks?.(message.items.length);
        const instance = isFirst ? deps.instance : '';
        isFirst = false;
        const ask = await admitted().then(
          caller => (question: Question) => verify(question, call.door, caller),
          askNothing,
        );
        return answerItems(message, instance, batchMax, ask);
      };
      const asked =
        admitAgainMs === undefined ? requests : whileLetIn(requests, admitted, admitAgainMs);
      yield* inOrder(asked, work, deps.streamMessagesAtOnceMax);
    },

    async *watchInvalidations({ resumePosition }, call) {
      const admitted = () => letIn(admit, call, 'VerifierService.watchInvalidations', itself);
      const caller = await admitted();
      yield* deps.watch({ resumePosition, signal: call.signal, caller, admitted });
    },

    async issueJwt(request, call) {
      const caller = await deps.authenticate(call);
      const { jwt, jti, exp, iat } = await deps.issueJwt(caller, orderOf(request));
      return create(IssueJwtResponseSchema, { jwt, jti, exp: BigInt(exp), iat: BigInt(iat) });
    },
  };
}

const itself = (caller: VerifyCaller) => caller;

/** Answers each question alike while the caller of a stream cannot be known: the stream outlives that. */
function askNothing(error: unknown): () => never {
  if (!(error instanceof Unavailable)) throw error;
  return () => {
    throw error;
  };
}

function questionsOf(requests: VerifyRequest[], batchMax: number): Question[] {
  if (requests.length === 0) throw invalid('requests', 'is empty');
  if (requests.length > batchMax) {
    throw invalid('requests', `has more than ${batchMax} requests`);
  }
  return requests.map((request, index) => questionOf(request, `requests[${index}].`));
}

/** The answer to one message of StreamVerify; a store failure is reported per item. */
async function answerItems(
  { items }: StreamVerifyRequest,
  instance: string,
  batchMax: number,
  verify: (question: Question) => Awaitable<Verdict>,
) {
  if (items.length === 0) throw invalid('items', 'is empty');
  if (items.length > batchMax) {
    throw invalid('items', `has more than ${batchMax} items`);
  }
  const questions = items.map((item, index) => {
    if (!item.request) throw invalid(`items[${index}].request`, 'is required');
    return questionOf(item.request, `items[${index}].request.`);
  });
  const outcomes = await allAwaitable(questions.map(question => outcomeOf(verify, question)));
  const response = create(StreamVerifyResponseSchema);
  response.instance = instance;
  response.items = items.map(({ id }, index) => {
    const answer = create(StreamVerifyResponse_ItemSchema);
    answer.id = id;
    answer.outcome = outcomes[index] as Outcome;
    return answer;
  });
  return response;
}

type Outcome = StreamVerifyResponse_Item['outcome'];

/** The verdict, or undefined when the store cannot be reached. */
function outcomeOf(
  verify: (question: Question) => Awaitable<Verdict>,
  question: Question,
): Awaitable<Outcome> {
  try {
    return mapAwaitable(verify(question), known, unknown);
  } catch (error) {
    return unknown(error);
  }
}

function known(verdict: Verdict): Outcome {
  return { case: 'response', value: verifyResponse(verdict) };
}

function unknown(error: unknown): Outcome {
  if (!(error instanceof Unavailable)) throw error;
  return { case: 'unavailable', value: unavailableText };
}

function orderOf(request: IssueJwtRequest): JwtOrder {
  const { tokenId, subject, audience, scopes, claims = {} } = request;
  const order = { tokenId, subject, audience, scopes, claims };
  const faults = new Faults();
  const expiry = faults.read(() => expiryOf(request.expiry));
  if (expiry === undefined) checkOrderAlone(order, Number.POSITIVE_INFINITY, faults);
  return { ...order, expiry: expiry as JwtOrder['expiry'] };
}

function expiryOf(expiry: IssueJwtRequest['expiry']): JwtOrder['expiry'] {
  switch (expiry.case) {
    case 'lifetime':
      return { lifetimeSeconds: wholeSeconds(expiry.value, 'lifetime') };
    case 'exp':
      return { exp: safeInteger(expiry.value, 'exp') };
    default:
      throw invalid('expiry', 'is required: give lifetime or exp');
  }
}
