/** Snippets for access tokens of kind static: they send the token. */

import { type Filling, type Snippet, setVariable } from './snippet.ts';

/** The snippets, all for servers: a static token must never reach a browser. */
export function staticSnippets(filling: Filling): Snippet[] {
  return [...shellSnippets(filling), ...programSnippets(filling)];
}

function shellSnippets({ secret, http, grpc }: Filling): Snippet[] {
  const set = setVariable('API_TOKEN', secret);
  return [
    {
      id: 'curl',
      title: 'curl',
      language: 'bash',
      note: 'Usher answers "Oh, Hello" to a valid token.',
      code: `${set}\n\ncurl -H "Authorization: $API_TOKEN" ${http}/\n`,
    },
    {
      id: 'grpcurl',
      title: 'grpcurl',
      language: 'bash',
      note: 'The same over gRPC.',
      code: `${set}

grpcurl -plaintext -H "authorization: $API_TOKEN" \\
  ${grpc} usher.v1.VerifierService/Hello
`,
    },
  ];
}

function programSnippets({ secret, http }: Filling): Snippet[] {
  const variables = `${setVariable('API_TOKEN', secret)}\n`;
  return [
    {
      id: 'python',
      title: 'Python',
      language: 'python',
      note: 'pip install requests',
      variables,
      code: `import os

import requests

answer = requests.get(
    "${http}/",
    headers={"Authorization": os.environ["API_TOKEN"]},
    timeout=5,
)
answer.raise_for_status()
print(answer.json())
`,
    },
    {
      id: 'node',
      title: 'Node',
      language: 'javascript',
      note: 'Nothing to install.',
      variables,
      code: `const answer = await fetch('${http}/', {
  headers: { authorization: process.env.API_TOKEN },
});
if (!answer.ok) throw new Error((await answer.json()).error);
console.log(await answer.json());
`,
    },
    {
      id: 'go',
      title: 'Go',
      language: 'go',
      note: 'Standard library only.',
      variables,
      code: `package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	request, err := http.NewRequest("GET", "${http}/", nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", os.Getenv("API_TOKEN"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.Status, string(body))
}
`,
    },
    {
      id: 'ruby',
      title: 'Ruby',
      language: 'ruby',
      note: 'Standard library only.',
      variables,
      code: `require "net/http"

uri = URI("${http}/")
answer = Net::HTTP.get_response(uri, { "Authorization" => ENV.fetch("API_TOKEN") })
puts answer.code, answer.body
`,
    },
  ];
}
