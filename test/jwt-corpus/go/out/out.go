// Package out has what the generators of Go share: the claims, and the form of their output.
package out

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
)

// Claims are the claims of a JWT.
type Claims = map[string]any

// The key, and the times in seconds since 1970.
var (
	Kid    = os.Getenv("JWT_KID")
	Key    = []byte(os.Getenv("JWT_SECRET_KEY"))
	Now, _ = strconv.ParseInt(os.Getenv("JWT_NOW"), 10, 64)
	Exp    = Now + 3600
)

// Plain are claims that each library writes with the same call as its default ones.
func Plain() map[string]Claims {
	return map[string]Claims{
		"default": {"exp": Exp},
		"all registered claims": {
			"iss": "shop", "sub": "ada", "aud": "orders", "exp": Exp, "nbf": Now, "iat": Now, "jti": "j-1",
		},
		"times are float64":       {"exp": float64(Exp), "nbf": float64(Now), "iat": float64(Now)},
		"times with a fraction":   {"exp": float64(Exp) + 0.25, "nbf": float64(Now) + 0.5},
		"several audiences":       {"exp": Exp, "aud": []string{"orders", "mail"}},
		"sub and jti are numbers": {"exp": Exp, "sub": 42, "jti": 7},
		"scope is text":           {"exp": Exp, "scope": "orders:read mail"},
		"scope is a list":         {"exp": Exp, "scope": []string{"orders:read", "mail"}},
		"claims are null":         {"exp": Exp, "nbf": nil, "iat": nil, "sub": nil, "jti": nil, "scope": nil},
		"nested claims":           {"exp": Exp, "realm_access": Claims{"roles": []string{"a", "b"}}},
		"text beyond ASCII":       {"exp": Exp, "name": "Zoë 😀", "html": "<a>&"},
		"an integer beyond 2^53":  {"exp": Exp, "id": uint64(math.MaxUint64)},
		"exp is math.MaxInt64":    {"exp": int64(math.MaxInt64)},
		"nbf a minute ahead":      {"exp": Exp, "nbf": Now + 60},
		"exp is text":             {"exp": strconv.FormatInt(Exp, 10)},
		"aud is null":             {"exp": Exp, "aud": nil},
		"no exp":                  {"sub": "ada"},
		"expired":                 {"exp": Now - 1},
	}
}

// Write prints the fixture; what the library refuses is noted.
func Write(library, module string, jwts map[string]func() (string, error)) {
	made, notMade := map[string]string{}, []string{}
	for name, make := range jwts {
		jwt, err := make()
		if err != nil {
			notMade = append(notMade, name+": "+err.Error())
			continue
		}
		made[name] = jwt
	}
	slices.Sort(notMade)
	version := ""
	info, _ := debug.ReadBuildInfo()
	for _, dep := range info.Deps {
		if dep.Path == module {
			version = dep.Version
		}
	}
	text, err := json.MarshalIndent(map[string]any{
		"language": "Go", "library": library, "version": version, "jwts": made, "notMade": notMade,
	}, "", "  ")
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
