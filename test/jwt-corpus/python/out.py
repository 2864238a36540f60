"""What the generators of Python share: the claims, and the form of their output."""

import json
import os

kid = os.environ["JWT_KID"]
key = os.environ["JWT_SECRET_KEY"]
now = int(os.environ["JWT_NOW"])
exp = now + 3600
registered = {
    "iss": "shop", "sub": "ada", "aud": "orders", "exp": exp, "nbf": now, "iat": now, "jti": "j-1",
}
# Claims that each library writes with the same call as its default ones.
plain = {
    "default": {"exp": exp},
    "all registered claims": registered,
    "times with a fraction": {"exp": exp + 0.25, "nbf": now + 0.5, "iat": now + 0.125},
    "several audiences": {"exp": exp, "aud": ["orders", "mail"]},
    "sub and jti are numbers": {"exp": exp, "sub": 42, "jti": 7},
    "scope is text": {"exp": exp, "scope": "orders:read mail"},
    "scope is a list": {"exp": exp, "scope": ["orders:read", "mail"]},
    "claims are null": {"exp": exp, "nbf": None, "iat": None, "sub": None, "jti": None, "scope": None},
    "nested claims": {"exp": exp, "realm_access": {"roles": ["a", "b"]}, "groups": []},
    "text beyond ASCII": {"exp": exp, "name": "Zoë 😀", "sub": "zoë"},
    "an integer beyond 2^53": {"exp": exp, "id": 12345678901234567890},
    "exp is the last moment of the language": {"exp": 253402300799},
    "exp is huge": {"exp": 2**63 - 1},
    "nbf a minute ahead": {"exp": exp, "nbf": now + 60},
    "exp is text": {"exp": str(exp)},
    "exp is null": {"exp": None},
    "aud is null": {"exp": exp, "aud": None},
    "sub is an object": {"exp": exp, "sub": {"id": 1}},
    "no exp": {"sub": "ada"},
    "expired": {"exp": now - 1},
}


def write(library, version, jwts, cannot=()):
    """Prints the fixture. `jwts` maps names to functions; what the library refuses is noted."""
    made, refused = {}, list(cannot)
    for name, make in jwts.items():
        try:
            jwt = make()
            made[name] = jwt.decode() if isinstance(jwt, bytes) else jwt
        except Exception as error:
            refused.append(f"{name}: {type(error).__name__}")
    print(json.dumps({
        "language": "Python", "library": library, "version": version, "jwts": made, "notMade": refused,
    }, indent=2))
