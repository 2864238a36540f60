/** The configuration for HAProxy, whose Lua action calls Usher by HAProxy's HTTP client. */

import {
  callerHeader,
  forwardAuthPath,
  type GatewayConfig,
  type GatewayTls,
  identityHeaders,
  rateLimitHeaders,
} from './gateway.ts';

/** Makes haproxy.cfg and its Lua file. */
export const haproxy: GatewayConfig = settings => ({
  'haproxy.cfg': `# Run it with: haproxy -f haproxy.cfg
global
  lua-load usher.lua
  # Room for 64 KB of headers, such as many cookies.
  tune.bufsize 65536

defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s

frontend web
  bind ${settings.listen}
  # Removes identity headers that the client sent, also those spelled with underscores.
  http-request del-header ^x[-_]usher -m reg
  http-request lua.usher
  # Hides the token from the upstream; remove it to pass the token on.
  http-request del-header Authorization
  # What a token with limits has left, for the client.
${rateLimitHeaders.map(afterResponse).join('\n')}
  default_backend app

backend app
  server app ${settings.upstream}
${settings.tls ? tlsProxy(settings.http, settings.tls) : ''}`,
  'usher.lua': `-- Asks Usher about each request: the action "lua.usher" of haproxy.cfg.
local address = ${JSON.stringify(`http://${settings.http}${forwardAuthPath(settings)}`)}
${settings.tls ? tlsSocket : ''}${settings.callerToken ? callerLines(settings.callerToken) : ''}local identity = {
${identityHeaders.map(name => `  "${name.toLowerCase()}",`).join('\n')}
}
local limits = {
${rateLimitHeaders.map(name => `  ["${name.toLowerCase()}"] = "${variable(name)}",`).join('\n')}
}
local unknown = '{"error":"the verdict cannot be known; ask again"}'

local function refuse(txn, status, body, challenge, retry_after)
  local reply = txn:reply{status = status, body = body}
  reply:add_header("content-type", "application/json")
  reply:add_header("cache-control", "no-store")
  if challenge then reply:add_header("www-authenticate", challenge) end
  if retry_after then reply:add_header("retry-after", retry_after) end
  txn:done(reply)
end

local function values(headers, name)
  local found = {}
  local list = headers and headers[name]
  local index = 0
  while list and list[index] do
    found[#found + 1] = list[index]
    index = index + 1
  end
  return found
end

core.register_action("usher", {"http-req"}, function(txn)
  local sent = {}
  -- Several values go to Usher joined by a comma, which it refuses.
  local headers = txn.http:req_get_headers()
  local credentials = values(headers, "authorization")
  if #credentials > 0 then sent["authorization"] = {table.concat(credentials, ", ")} end
  -- Who uses the token; Usher reads it if USHER_TRUSTED_PROXIES has HAProxy's address.
  local path = values(headers, "x-forwarded-for")
  path[#path + 1] = txn.f:src()
  sent["x-forwarded-for"] = {table.concat(path, ", ")}
${settings.callerToken ? `  sent["${callerHeader.toLowerCase()}"] = {caller}\n` : ''}
  local answer = core.httpclient():get{url = address, headers = sent, timeout = 2000${settings.tls ? ', dst = socket' : ''}}
  local status = answer and answer.status
  for name, variable in pairs(limits) do
    local value = values(answer and answer.headers, name)[1]
    if value then txn:set_var(variable, value) end
  end
  if status == 200 then
    for _, name in ipairs(identity) do
      local value = values(answer.headers, name)[1]
      if value and value ~= "" then txn.http:req_set_header(name, value) end
    end
  elseif status and values(answer.headers, "x-usher-status")[1] then
    local challenge = values(answer.headers, "www-authenticate")[1]
    refuse(txn, status, answer.body, challenge, values(answer.headers, "retry-after")[1])
  else
    refuse(txn, 503, unknown)
  end
end)
`,
});

const variable = (name: string) => `txn.${name.toLowerCase().replaceAll('-', '_')}`;

const afterResponse = (name: string) =>
  `  http-after-response add-header ${name} %[var(${variable(name)})] if { var(${variable(name)}) -m found }`;

const tlsSocket = 'local socket = "unix@usher.sock"\n';

const callerLines = (file: string) => `
-- Shows Usher who asks. HAProxy reads the file at its start, before it gives up its rights.
local file = assert(io.open(${JSON.stringify(file)}))
local caller = file:read("l")
file:close()

`;

/** The HTTP client of HAProxy verifies no host name, and shows no certificate. */
const tlsProxy = (usher: string, { name, ca, own }: GatewayTls) => `
# Carries the questions over TLS. Only the user of HAProxy may connect to the socket.
listen usher
  bind unix@usher.sock mode 600
  retries 1
  server usher ${usher} ssl alpn http/1.1 ssl-min-ver TLSv1.2 verify required ca-file ${ca} sni str(${name}) verifyhost ${name}${own ? ` crt ${own.cert}` : ''}
`;
