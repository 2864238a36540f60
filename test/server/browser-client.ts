/** A client of Usher in a web app, bundled and loaded on a page of another origin. */

import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { DenialSchema, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';

/** Calls Hello and Verify, and returns their outcomes as plain values. */
async function ask(baseUrl: string, token: string) {
  const client = createClient(VerifierService, createConnectTransport({ baseUrl }));
  const headers = { authorization: token };
  const hello = await client.hello({}, { headers }).then(
    ({ message, time }) => ({ message, time }),
    error => {
      const { code, rawMessage } = ConnectError.from(error);
      const [denial] = ConnectError.from(error).findDetails(DenialSchema);
      return { code: Code[code], message: rawMessage, httpStatus: denial?.httpStatus };
    },
  );
  const verdict = await client.verify({ header: token }).then(
    ({ valid, message }) => ({ valid, message }),
    error => ({ failed: Code[ConnectError.from(error).code] }),
  );
  return { hello, verdict };
}

Object.assign(globalThis, { ask });
