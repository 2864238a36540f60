/** Snippets for access tokens of kind jwt: they sign a JWT with the secret key, or send one. */

import { type Filling, type Snippet, setVariable } from './snippet.ts';

/** The snippets; each JWT is signed by HS256, with the access token's UUID as kid and an expiry. */
export function jwtSnippets({ id, secret, http, grpc }: Filling): Snippet[] {
  const set = setVariable('JWT_SECRET_KEY', secret);
  const variables = `${set}\n`;
  const sign = `${set}

b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
head=$(printf '{"alg":"HS256","typ":"JWT","kid":"${id}"}' | b64)
body=$(printf '{"exp":%d}' $(( $(date +%s) + 3600 )) | b64)
sign=$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -hmac "$JWT_SECRET_KEY" -binary | b64)`;
  return [
    {
      id: 'curl',
      title: 'curl',
      language: 'bash',
      note: 'Signs a JWT with openssl, valid for one hour, and sends it.',
      code: `${sign}\n\ncurl -H "Authorization: Bearer $head.$body.$sign" ${http}/\n`,
    },
    {
      id: 'pyjwt',
      title: 'PyJWT',
      language: 'python',
      note: 'pip install pyjwt',
      variables,
      code: `import datetime
import os

import jwt

payload = {
    "exp": datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1),
}
token = jwt.encode(
    payload,
    os.environ["JWT_SECRET_KEY"],
    algorithm="HS256",
    headers={"kid": "${id}"},
)
print(token)
`,
    },
    {
      id: 'jose',
      title: 'Node jose',
      language: 'javascript',
      note: 'npm install jose',
      variables,
      code: `import { SignJWT } from 'jose';

const key = new TextEncoder().encode(process.env.JWT_SECRET_KEY);
const token = await new SignJWT()
  .setProtectedHeader({ alg: 'HS256', kid: '${id}' })
  .setIssuedAt()
  .setExpirationTime('1h')
  .sign(key);
console.log(token);
`,
    },
    {
      id: 'go',
      title: 'Go',
      language: 'go',
      note: 'go get github.com/golang-jwt/jwt/v5',
      variables,
      code: `package main

import (
	"fmt"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func main() {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"exp": time.Now().Add(time.Hour).Unix(),
	})
	token.Header["kid"] = "${id}"
	signed, err := token.SignedString([]byte(os.Getenv("JWT_SECRET_KEY")))
	if err != nil {
		panic(err)
	}
	fmt.Println(signed)
}
`,
    },
    {
      id: 'ruby',
      title: 'Ruby',
      language: 'ruby',
      note: 'gem install jwt',
      variables,
      code: `require "jwt"

payload = { exp: Time.now.to_i + 3600 }
puts JWT.encode(payload, ENV.fetch("JWT_SECRET_KEY"), "HS256", { kid: "${id}" })
`,
    },
    {
      id: 'browser',
      title: 'Browser',
      language: 'javascript',
      note: 'Your server signs the JWT. The browser never gets the secret key.',
      code: `// Your own endpoint, which answers with a new JWT for the user who is signed in.
const jwt = await fetch('/my-jwt').then(answer => answer.text());

fetch('${http}/', {
  method: 'GET',
  headers: {
    authorization: \`Bearer \${jwt}\`,
  },
})
  .then(r => r.json().then(console.log))
  .catch(console.log);
`,
    },
    {
      id: 'grpcurl',
      title: 'grpcurl',
      language: 'bash',
      note: 'Signs a JWT with openssl, valid for one hour, and sends it over gRPC.',
      code: `${sign}

grpcurl -plaintext -H "authorization: Bearer $head.$body.$sign" \\
  ${grpc} usher.v1.VerifierService/Hello
`,
    },
  ];
}
