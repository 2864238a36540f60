// Makes JWTs as go-jose does.
package main

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"usher.test/corpus/out"
)

func sign(algorithm jose.SignatureAlgorithm, options *jose.SignerOptions, claims any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: out.Key}, options)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// The kid of a JSONWebKey is not written for a symmetric key: it needs a header of its own.
func named() *jose.SignerOptions {
	return (&jose.SignerOptions{}).WithHeader("kid", out.Kid)
}

func main() {
	typ := named().WithType("JWT")
	jwts := map[string]func() (string, error){}
	for name, claims := range out.Plain() {
		jwts[name] = func() (string, error) { return sign(jose.HS256, typ, claims) }
	}
	short := out.Claims{"exp": out.Exp}
	with := func(algorithm jose.SignatureAlgorithm, options *jose.SignerOptions, claims any) func() (string, error) {
		return func() (string, error) { return sign(algorithm, options, claims) }
	}
	jwts["jwt.Claims"] = with(jose.HS256, typ, jwt.Claims{
		Issuer: "shop", Subject: "ada", Audience: jwt.Audience{"orders"}, ID: "j-1",
		Expiry: jwt.NewNumericDate(time.Unix(out.Exp, 0)), NotBefore: jwt.NewNumericDate(time.Unix(out.Now, 0)),
		IssuedAt: jwt.NewNumericDate(time.Unix(out.Now, 0)),
	})
	jwts["jwt.Claims with two audiences"] = with(jose.HS256, typ, jwt.Claims{
		Audience: jwt.Audience{"orders", "mail"}, Expiry: jwt.NewNumericDate(time.Unix(out.Exp, 0)),
	})
	jwts["no typ"] = with(jose.HS256, named(), short)
	jwts["with cty"] = with(jose.HS256, named().WithContentType("json"), short)
	jwts["typ at+jwt"] = with(jose.HS256, named().WithType("at+jwt"), short)
	jwts["b64 false"] = with(jose.HS256, named().WithBase64(false), short)
	jwts["HS384"] = with(jose.HS384, typ, short)
	jwts["HS512"] = with(jose.HS512, typ, short)
	jwts["no kid"] = with(jose.HS256, nil, short)
	jwts["kid only in the key"] = func() (string, error) {
		key := jose.JSONWebKey{Key: out.Key, KeyID: out.Kid}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key}, nil)
		if err != nil {
			return "", err
		}
		return jwt.Signed(signer).Claims(short).Serialize()
	}
	out.Write("go-jose", "github.com/go-jose/go-jose/v4", jwts)
}
