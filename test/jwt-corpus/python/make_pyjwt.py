"""JWTs as PyJWT makes them."""

import datetime
import uuid

import jwt
from out import exp, key, kid, now, plain, write


def sign(claims, algorithm="HS256", **header):
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid, **header})


def at(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


jwts = {name: (lambda claims=claims: sign(claims)) for name, claims in plain.items()}
jwts |= {
    "times are datetime": lambda: sign({"exp": at(exp), "nbf": at(now), "iat": at(now)}),
    "exp is datetime.max": lambda: sign({"exp": datetime.datetime.max}),
    "jti is a uuid": lambda: sign({"exp": exp, "jti": str(uuid.UUID(int=7))}),
    "kid in upper case": lambda: sign({"exp": exp}, kid=kid.upper()),
    "no typ": lambda: sign({"exp": exp}, typ=None),
    "typ at+jwt": lambda: sign({"exp": exp}, typ="at+jwt"),
    "sorted header": lambda: jwt.encode({"exp": exp}, key, headers={"kid": kid}, sort_headers=True),
    "HS384": lambda: sign({"exp": exp}, "HS384"),
    "HS512": lambda: sign({"exp": exp}, "HS512"),
    "alg none": lambda: jwt.encode({"exp": exp}, None, algorithm="none", headers={"kid": kid}),
    "no kid": lambda: jwt.encode({"exp": exp}, key),
    "detached payload": lambda: jwt.api_jws.encode(
        b"{}", key, "HS256", headers={"kid": kid}, is_payload_detached=True
    ),
}
write("PyJWT", jwt.__version__, jwts)
