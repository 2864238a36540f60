/** Shows Usher who asks: the caller's own token goes along with each call. */

import { Code, ConnectError, type StreamResponse, type Transport } from '@connectrpc/connect';

/** A static token with the scope usher.verify, or a function that returns the present one. */
export type CallerToken = string | (() => string | Promise<string>);

/** The header of the caller's token. */
const headerName = 'x-usher-caller';

const wrongToken =
  'callerToken is not a token: printable characters without spaces and line breaks';

function isToken(token: unknown): token is string {
  return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token);
}

/** Throws TypeError for what cannot be a token. No message contains it. */
export function checkCallerToken(callerToken: CallerToken): void {
  if (typeof callerToken !== 'function' && !isToken(callerToken)) throw new TypeError(wrongToken);
}

/** A transport that sends the token with each call. */
export function withCallerToken(transport: Transport, callerToken: CallerToken): Transport {
  const present = async () => {
    let token: string;
    try {
      token = typeof callerToken === 'function' ? await callerToken() : callerToken;
    } catch {
      // What the function threw may hold the token.
      throw new ConnectError('callerToken threw an error', Code.InvalidArgument);
    }
    if (isToken(token)) return token;
    throw new ConnectError(wrongToken, Code.InvalidArgument);
  };
  /** A refused token may have been rotated since it was sent: then the call is made again. */
  const judged = async (error: unknown, sent: string) => {
    const refused = isRefusal(error) && (await present().catch(() => sent)) !== sent;
    return refused ? new ConnectError('the caller has another token now', Code.Unavailable) : error;
  };
  return {
    async unary(method, signal, timeoutMs, header, input, values) {
      const token = await present();
      try {
        return await transport.unary(
          method,
          signal,
          timeoutMs,
          along(header, token),
          input,
          values,
        );
      } catch (error) {
        throw await judged(error, token);
      }
    },
    async stream(method, signal, timeoutMs, header, input, values) {
      const token = await present();
      let response: StreamResponse<typeof method.input, typeof method.output>;
      try {
        const headers = along(header, token);
        response = await transport.stream(method, signal, timeoutMs, headers, input, values);
      } catch (error) {
        throw await judged(error, token);
      }
      const { message } = response;
      const messages = async function* () {
        try {
          yield* message;
        } catch (error) {
          throw await judged(error, token);
        }
      };
      return { ...response, message: messages() };
    },
  };
}

/** Whether the server refused the caller itself. */
export function isRefusal(error: unknown): error is ConnectError {
  if (!(error instanceof ConnectError)) return false;
  return error.code === Code.Unauthenticated || error.code === Code.PermissionDenied;
}

function along(header: ConstructorParameters<typeof Headers>[0], token: string): Headers {
  const headers = new Headers(header);
  headers.set(headerName, token);
  return headers;
}
