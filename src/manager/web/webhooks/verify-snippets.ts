/** Code that verifies the signature of an event, with the libraries of Standard Webhooks. */

import type { Snippet } from '../code/snippet.ts';
import { setVariable } from '../code/snippet.ts';

const variable = 'USHER_WEBHOOK_SECRET';

/** The code in three languages; only the shell line holds the secret, if it is given. */
export function verifySnippets(secret?: string): Snippet[] {
  const variables = `${setVariable(variable, secret)}\n`;
  return [
    {
      ...{ id: 'node', title: 'Node', language: 'javascript', variables, code: node },
      note: 'npm install standardwebhooks',
    },
    {
      ...{ id: 'python', title: 'Python', language: 'python', variables, code: python },
      note: 'pip install standardwebhooks',
    },
    {
      ...{ id: 'go', title: 'Go', language: 'go', variables, code: go },
      note: 'go get github.com/standard-webhooks/standard-webhooks/libraries/go',
    },
  ];
}

const node = `import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.${variable});

createServer(async (req, res) => {
  try {
    // The bytes as they were sent: parsed and written again, they would have another signature.
    const event = webhook.verify(await text(req), req.headers);
    console.log(event.type, event.data);
    res.writeHead(204).end();
  } catch {
    res.writeHead(400).end();
  }
}).listen(3000);
`;

const python = `import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["${variable}"])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = webhook.verify(body, dict(self.headers))
            print(event["type"], event["data"])
            self.send_response(204)
        except WebhookVerificationError:
            self.send_response(400)
        self.end_headers()


HTTPServer(("", 3000), Receiver).serve_forever()
`;

const go = `package main

import (
	"io"
	"log"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	webhook, err := standardwebhooks.NewWebhook(os.Getenv("${variable}"))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || webhook.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		log.Print(string(body))
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}
`;
