// Makes JWTs as jwx does.
package main

import (
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"usher.test/corpus/out"
)

func sign(algorithm jwa.SignatureAlgorithm, token jwt.Token, kid string, header out.Claims) (string, error) {
	key, err := jwk.Import(out.Key)
	if err != nil {
		return "", err
	}
	if kid != "" {
		if err := key.Set(jwk.KeyIDKey, kid); err != nil {
			return "", err
		}
	}
	headers := jws.NewHeaders()
	for name, value := range header {
		if err := headers.Set(name, value); err != nil {
			return "", err
		}
	}
	signed, err := jwt.Sign(token, jwt.WithKey(algorithm, key, jws.WithProtectedHeaders(headers)))
	return string(signed), err
}

func tokenOf(claims out.Claims) (jwt.Token, error) {
	token := jwt.New()
	for name, value := range claims {
		if err := token.Set(name, value); err != nil {
			return nil, err
		}
	}
	return token, nil
}

func main() {
	jwts := map[string]func() (string, error){}
	for name, claims := range out.Plain() {
		jwts[name] = func() (string, error) {
			token, err := tokenOf(claims)
			if err != nil {
				return "", err
			}
			return sign(jwa.HS256(), token, out.Kid, nil)
		}
	}
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	short := func() jwt.Token {
		token, _ := jwt.NewBuilder().Expiration(at(out.Exp)).Build()
		return token
	}
	with := func(algorithm jwa.SignatureAlgorithm, kid string, header out.Claims) func() (string, error) {
		return func() (string, error) { return sign(algorithm, short(), kid, header) }
	}
	jwts["by its builder"] = func() (string, error) {
		token, err := jwt.NewBuilder().Issuer("shop").Subject("ada").Audience([]string{"orders"}).JwtID("j-1").
			Expiration(at(out.Exp)).NotBefore(at(out.Now)).IssuedAt(at(out.Now)).Build()
		if err != nil {
			return "", err
		}
		return sign(jwa.HS256(), token, out.Kid, nil)
	}
	jwts["audiences as text"] = func() (string, error) {
		token := short()
		if err := token.Set("aud", "orders"); err != nil {
			return "", err
		}
		token.Options().Enable(jwt.FlattenAudience)
		return sign(jwa.HS256(), token, out.Kid, nil)
	}
	jwts["nanoseconds"] = func() (string, error) {
		jwt.Settings(jwt.WithNumericDateFormatPrecision(9))
		defer jwt.Settings(jwt.WithNumericDateFormatPrecision(0))
		token, err := jwt.NewBuilder().Expiration(at(out.Exp).Add(123456789)).IssuedAt(at(out.Now).Add(5)).Build()
		if err != nil {
			return "", err
		}
		return sign(jwa.HS256(), token, out.Kid, nil)
	}
	jwts["typ at+jwt"] = with(jwa.HS256(), out.Kid, out.Claims{"typ": "at+jwt"})
	jwts["HS384"] = with(jwa.HS384(), out.Kid, nil)
	jwts["HS512"] = with(jwa.HS512(), out.Kid, nil)
	jwts["no kid"] = with(jwa.HS256(), "", nil)
	out.Write("jwx", "github.com/lestrrat-go/jwx/v3", jwts)
}
