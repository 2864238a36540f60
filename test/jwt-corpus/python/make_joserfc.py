"""JWTs as joserfc makes them."""

import datetime
from importlib.metadata import version

from joserfc import jws, jwt
from joserfc.jwk import OctKey
from out import exp, key, kid, now, plain, write

octets = OctKey.import_key(key)


def sign(claims, algorithm="HS256", **header):
    return jwt.encode({"alg": algorithm, "kid": kid, **header}, claims, octets, algorithms=[algorithm])


def at(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


jwts = {name: (lambda claims=claims: sign(claims)) for name, claims in plain.items()}
jwts |= {
    "times are datetime": lambda: sign({"exp": at(exp), "nbf": at(now), "iat": at(now)}),
    "no typ": lambda: jws.serialize_compact({"alg": "HS256", "kid": kid}, f'{{"exp":{exp}}}', octets),
    "kid in upper case": lambda: sign({"exp": exp}, kid=kid.upper()),
    "typ at+jwt": lambda: sign({"exp": exp}, typ="at+jwt"),
    "b64 false": lambda: jws.serialize_compact(
        {"alg": "HS256", "kid": kid, "b64": False, "crit": ["b64"]}, "hello", octets
    ),
    "HS384": lambda: sign({"exp": exp}, "HS384"),
    "HS512": lambda: sign({"exp": exp}, "HS512"),
    "no kid": lambda: jwt.encode({"alg": "HS256"}, {"exp": exp}, octets),
}
write("joserfc", version("joserfc"), jwts)
