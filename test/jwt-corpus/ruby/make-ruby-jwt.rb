# JWTs as ruby-jwt makes them.

require 'json'
require 'jwt'

KID = ENV.fetch('JWT_KID')
KEY = ENV.fetch('JWT_SECRET_KEY')
NOW = ENV.fetch('JWT_NOW').to_i
EXP = NOW + 3600

def sign(claims, algorithm = 'HS256', **header)
  JWT.encode(claims, algorithm == 'none' ? nil : KEY, algorithm, { kid: KID, **header })
end

jwts = {
  'default' => -> { sign({ exp: EXP }) },
  'all registered claims' => lambda {
    sign({ iss: 'shop', sub: 'ada', aud: 'orders', exp: EXP, nbf: NOW, iat: NOW, jti: 'j-1' })
  },
  'times are Float' => -> { sign({ exp: Time.at(EXP, 250, :millisecond).to_f, iat: Time.at(NOW).to_f }) },
  'times are Time' => -> { sign({ exp: Time.at(EXP) }) },
  'several audiences' => -> { sign({ exp: EXP, aud: %w[orders mail] }) },
  'sub and jti are numbers' => -> { sign({ exp: EXP, sub: 42, jti: 7 }) },
  'scope is text' => -> { sign({ exp: EXP, scope: 'orders:read mail' }) },
  'scope is a list' => -> { sign({ exp: EXP, scope: %w[orders:read mail] }) },
  'claims are null' => -> { sign({ exp: EXP, nbf: nil, iat: nil, sub: nil, jti: nil, scope: nil }) },
  'nested claims' => -> { sign({ exp: EXP, realm_access: { roles: %w[a b] } }) },
  'text beyond ASCII' => -> { sign({ exp: EXP, name: 'Zoë 😀' }) },
  'an integer beyond 2^53' => -> { sign({ exp: EXP, id: 12_345_678_901_234_567_890 }) },
  'exp is huge' => -> { sign({ exp: 2**63 - 1 }) },
  'nbf a minute ahead' => -> { sign({ exp: EXP, nbf: NOW + 60 }) },
  'exp is text' => -> { sign({ exp: EXP.to_s }) },
  'exp is null' => -> { sign({ exp: nil }) },
  'aud is null' => -> { sign({ exp: EXP, aud: nil }) },
  'no exp' => -> { sign({ sub: 'ada' }) },
  'expired' => -> { sign({ exp: NOW - 1 }) },
  'kid in upper case' => -> { sign({ exp: EXP }, kid: KID.upcase) },
  'typ JWT' => -> { sign({ exp: EXP }, typ: 'JWT') },
  'typ at+jwt' => -> { sign({ exp: EXP }, typ: 'at+jwt') },
  'HS384' => -> { sign({ exp: EXP }, 'HS384') },
  'HS512' => -> { sign({ exp: EXP }, 'HS512') },
  'alg none' => -> { sign({ exp: EXP }, 'none') },
  'no kid' => -> { JWT.encode({ exp: EXP }, KEY) }
}

made = {}
not_made = []
jwts.each do |name, make|
  made[name] = make.call
rescue StandardError => e
  not_made << "#{name}: #{e.class}"
end
fixture = { language: 'Ruby', library: 'ruby-jwt', version: JWT::VERSION::STRING, jwts: made, notMade: not_made }
puts JSON.pretty_generate(fixture)
