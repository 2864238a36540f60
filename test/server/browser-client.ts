/** What a web app would write: a client of Usher, bundled and put on a page of another origin. */

import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { DenialSchema, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';

/** Calls Hello and Verify, and tells what came of them in plain values. */
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
