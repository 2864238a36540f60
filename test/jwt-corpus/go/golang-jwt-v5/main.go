// Makes JWTs as golang-jwt v5 does.
package main

import (
	"time"

	"github.com/golang-jwt/jwt/v5"

	"usher.test/corpus/out"
)

func sign(method jwt.SigningMethod, claims jwt.Claims, header out.Claims) (string, error) {
	token := jwt.NewWithClaims(method, claims)
	for name, value := range header {
		token.Header[name] = value
	}
	return token.SignedString(out.Key)
}

func main() {
	kid := out.Claims{"kid": out.Kid}
	jwts := map[string]func() (string, error){}
	for name, claims := range out.Plain() {
		jwts[name] = func() (string, error) { return sign(jwt.SigningMethodHS256, jwt.MapClaims(claims), kid) }
	}
	exp, now := time.Unix(out.Exp, 0), time.Unix(out.Now, 0)
	short := jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(exp)}
	with := func(method jwt.SigningMethod, header out.Claims) func() (string, error) {
		return func() (string, error) { return sign(method, short, header) }
	}
	jwts["RegisteredClaims"] = with(jwt.SigningMethodHS256, kid)
	jwts["all RegisteredClaims"] = func() (string, error) {
		return sign(jwt.SigningMethodHS256, jwt.RegisteredClaims{
			Issuer: "shop", Subject: "ada", Audience: jwt.ClaimStrings{"orders"}, ID: "j-1",
			ExpiresAt: jwt.NewNumericDate(exp), NotBefore: jwt.NewNumericDate(now), IssuedAt: jwt.NewNumericDate(now),
		}, kid)
	}
	jwts["TimePrecision is a millisecond"] = func() (string, error) {
		jwt.TimePrecision = time.Millisecond
		defer func() { jwt.TimePrecision = time.Second }()
		return sign(jwt.SigningMethodHS256, jwt.RegisteredClaims{
			ExpiresAt: jwt.NewNumericDate(exp.Add(250 * time.Millisecond)),
			IssuedAt:  jwt.NewNumericDate(now.Add(125 * time.Millisecond)),
		}, kid)
	}
	jwts["one audience as text"] = func() (string, error) {
		jwt.MarshalSingleStringAsArray = false
		defer func() { jwt.MarshalSingleStringAsArray = true }()
		return sign(jwt.SigningMethodHS256, jwt.RegisteredClaims{
			Audience: jwt.ClaimStrings{"orders"}, ExpiresAt: jwt.NewNumericDate(exp),
		}, kid)
	}
	jwts["typ at+jwt"] = with(jwt.SigningMethodHS256, out.Claims{"kid": out.Kid, "typ": "at+jwt"})
	jwts["HS384"] = with(jwt.SigningMethodHS384, kid)
	jwts["HS512"] = with(jwt.SigningMethodHS512, kid)
	jwts["no kid"] = with(jwt.SigningMethodHS256, nil)
	jwts["alg none"] = func() (string, error) {
		token := jwt.NewWithClaims(jwt.SigningMethodNone, short)
		token.Header["kid"] = out.Kid
		return token.SignedString(jwt.UnsafeAllowNoneSignatureType)
	}
	out.Write("golang-jwt v5", "github.com/golang-jwt/jwt/v5", jwts)
}
