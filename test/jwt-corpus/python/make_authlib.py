"""JWTs as Authlib makes them."""

import datetime
import warnings
from importlib.metadata import version

from out import exp, key, kid, now, plain, write

warnings.simplefilter("ignore")
from authlib.jose import JsonWebToken  # noqa: E402

library = JsonWebToken(["HS256", "HS384", "HS512"])


def sign(claims, algorithm="HS256", **header):
    return library.encode({"alg": algorithm, "kid": kid, **header}, dict(claims), key)


def at(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


jwts = {name: (lambda claims=claims: sign(claims)) for name, claims in plain.items()}
jwts |= {
    "times are datetime": lambda: sign({"exp": at(exp), "nbf": at(now), "iat": at(now)}),
    "kid in upper case": lambda: sign({"exp": exp}, kid=kid.upper()),
    "typ at+jwt": lambda: sign({"exp": exp}, typ="at+jwt"),
    "HS384": lambda: sign({"exp": exp}, "HS384"),
    "HS512": lambda: sign({"exp": exp}, "HS512"),
    "no kid": lambda: library.encode({"alg": "HS256"}, {"exp": exp}, key),
}
write("Authlib", version("authlib"), jwts)
