package corpus;

import io.jsonwebtoken.JwtBuilder;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.security.Keys;
import io.jsonwebtoken.security.MacAlgorithm;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** JWTs as jjwt makes them. */
final class Jjwt {
  private static String sign(MacAlgorithm algorithm, UnaryOperator<JwtBuilder> change) {
    JwtBuilder builder = Jwts.builder().header().keyId(Out.KID).and();
    return change.apply(builder).signWith(Keys.hmacShaKeyFor(Out.KEY), algorithm).compact();
  }

  private static String sign(UnaryOperator<JwtBuilder> change) {
    return sign(Jwts.SIG.HS256, change);
  }

  public static void main(String[] args) throws Exception {
    Date exp = Out.at(Out.EXP);
    Date now = Out.at(Out.NOW);
    Out out = new Out();
    out.add("default", () -> sign(b -> b.expiration(exp)));
    out.add("all registered claims", () -> sign(b -> b.issuer("shop").subject("ada")
        .audience().add("orders").and().id("j-1").expiration(exp).notBefore(now).issuedAt(now)));
    out.add("a single audience", () -> sign(b -> b.audience().single("orders").expiration(exp)));
    out.add("several audiences", () -> sign(b -> b.audience().add("orders").add("mail").and().expiration(exp)));
    out.add("exp is a claim", () -> sign(b -> b.claim("exp", Out.EXP)));
    out.add("exp is Long.MAX_VALUE ms", () -> sign(b -> b.expiration(new Date(Long.MAX_VALUE))));
    out.add("sub is a number", () -> sign(b -> b.claims(Map.of("sub", 42L)).expiration(exp)));
    out.add("user id is a number", () -> sign(b -> b.claim("userId", Long.MAX_VALUE).expiration(exp)));
    out.add("scope is text", () -> sign(b -> b.claim("scope", "orders:read mail").expiration(exp)));
    out.add("scope is a list", () -> sign(b -> b.claim("scope", List.of("orders:read", "mail")).expiration(exp)));
    out.add("a claim is null", () -> sign(b -> b.claim("scope", null).expiration(exp)));
    out.add("nested claims", () -> sign(b -> b.claim("realm_access", Map.of("roles", List.of("a"))).expiration(exp)));
    out.add("text beyond ASCII", () -> sign(b -> b.claim("name", "Zoë 😀").expiration(exp)));
    out.add("nbf a minute ahead", () -> sign(b -> b.notBefore(Out.at(Out.NOW + 60)).expiration(exp)));
    out.add("typ JWT", () -> sign(b -> b.header().type("JWT").and().expiration(exp)));
    out.add("typ at+jwt", () -> sign(b -> b.header().type("at+jwt").and().expiration(exp)));
    out.add("kid in upper case", () -> sign(b -> b.header().keyId(Out.KID.toUpperCase()).and().expiration(exp)));
    out.add("no exp", () -> sign(b -> b.subject("ada")));
    out.add("expired", () -> sign(b -> b.expiration(Out.at(Out.NOW - 1))));
    out.add("zip", () -> sign(b -> b.expiration(exp).compressWith(Jwts.ZIP.DEF)));
    out.add("b64 false", () -> sign(b -> b.content("hello").encodePayload(false)));
    out.add("HS384", () -> sign(Jwts.SIG.HS384, b -> b.expiration(exp)));
    out.add("HS512", () -> sign(Jwts.SIG.HS512, b -> b.expiration(exp)));
    out.add("the algorithm that it chooses for the key", () -> Jwts.builder().header().keyId(Out.KID).and()
        .expiration(exp).signWith(Keys.hmacShaKeyFor(Out.KEY)).compact());
    out.add("alg none", () -> Jwts.builder().header().keyId(Out.KID).and().expiration(exp).compact());
    out.add("no kid", () -> Jwts.builder().expiration(exp).signWith(Keys.hmacShaKeyFor(Out.KEY), Jwts.SIG.HS256)
        .compact());
    out.print("jjwt", "0.13.0");
  }
}
