"""JWTs as python-jose makes them."""

import datetime
from importlib.metadata import version

from jose import jwt
from out import exp, key, kid, now, plain, write


def sign(claims, algorithm="HS256", **header):
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid, **header})


def at(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


jwts = {name: (lambda claims=claims: sign(claims)) for name, claims in plain.items()}
jwts |= {
    "times are datetime": lambda: sign({"exp": at(exp), "nbf": at(now), "iat": at(now)}),
    "with at_hash": lambda: jwt.encode(
        {"exp": exp}, key, headers={"kid": kid}, access_token="an-access-token"
    ),
    "kid in upper case": lambda: sign({"exp": exp}, kid=kid.upper()),
    "typ at+jwt": lambda: sign({"exp": exp}, typ="at+jwt"),
    "HS384": lambda: sign({"exp": exp}, "HS384"),
    "HS512": lambda: sign({"exp": exp}, "HS512"),
    "no kid": lambda: jwt.encode({"exp": exp}, key),
}
write("python-jose", version("python-jose"), jwts)
