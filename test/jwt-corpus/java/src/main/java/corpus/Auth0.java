package corpus;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTCreator;
import com.auth0.jwt.algorithms.Algorithm;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** JWTs as Auth0's java-jwt makes them. */
final class Auth0 {
  private static String sign(Algorithm algorithm, UnaryOperator<JWTCreator.Builder> change) {
    return change.apply(JWT.create().withKeyId(Out.KID)).sign(algorithm);
  }

  private static String sign(UnaryOperator<JWTCreator.Builder> change) {
    return sign(Algorithm.HMAC256(Out.KEY), change);
  }

  public static void main(String[] args) throws Exception {
    Date exp = Out.at(Out.EXP);
    Date now = Out.at(Out.NOW);
    UnaryOperator<JWTCreator.Builder> shortly = b -> b.withExpiresAt(exp);
    Out out = new Out();
    out.add("default", () -> sign(shortly));
    out.add("all registered claims", () -> sign(b -> b.withIssuer("shop").withSubject("ada").withAudience("orders")
        .withJWTId("j-1").withExpiresAt(exp).withNotBefore(now).withIssuedAt(now)));
    out.add("times are Instant", () -> sign(b -> b.withExpiresAt(Instant.ofEpochSecond(Out.EXP, 250_000_000))
        .withIssuedAt(Instant.ofEpochSecond(Out.NOW, 125_000_000))));
    out.add("several audiences", () -> sign(b -> b.withAudience("orders", "mail").withExpiresAt(exp)));
    out.add("exp is Long.MAX_VALUE ms", () -> sign(b -> b.withExpiresAt(new Date(Long.MAX_VALUE))));
    out.add("sub is a number", () -> sign(b -> b.withClaim("sub", 42L).withExpiresAt(exp)));
    out.add("user id is a number", () -> sign(b -> b.withClaim("userId", Long.MAX_VALUE).withExpiresAt(exp)));
    out.add("a claim is a Double", () -> sign(b -> b.withClaim("exp", Out.EXP + 0.25)));
    out.add("scope is text", () -> sign(b -> b.withClaim("scope", "orders:read mail").withExpiresAt(exp)));
    out.add("scope is a list", () ->
        sign(b -> b.withArrayClaim("scope", new String[] {"orders:read", "mail"}).withExpiresAt(exp)));
    out.add("a null claim", () -> sign(b -> b.withNullClaim("scope").withNullClaim("sub").withExpiresAt(exp)));
    out.add("nested claims", () ->
        sign(b -> b.withClaim("user", Map.of("roles", List.of("a"))).withExpiresAt(exp)));
    out.add("text beyond ASCII", () -> sign(b -> b.withClaim("name", "Zoë 😀").withExpiresAt(exp)));
    out.add("nbf a minute ahead", () -> sign(b -> b.withNotBefore(Out.at(Out.NOW + 60)).withExpiresAt(exp)));
    out.add("typ at+jwt", () -> sign(b -> b.withHeader(Map.of("typ", "at+jwt")).withExpiresAt(exp)));
    out.add("kid in upper case", () -> sign(b -> b.withKeyId(Out.KID.toUpperCase()).withExpiresAt(exp)));
    out.add("no exp", () -> sign(b -> b.withSubject("ada")));
    out.add("expired", () -> sign(b -> b.withExpiresAt(Out.at(Out.NOW - 1))));
    out.add("HS384", () -> sign(Algorithm.HMAC384(Out.KEY), shortly));
    out.add("HS512", () -> sign(Algorithm.HMAC512(Out.KEY), shortly));
    out.add("alg none", () -> sign(Algorithm.none(), shortly));
    out.add("no kid", () -> shortly.apply(JWT.create()).sign(Algorithm.HMAC256(Out.KEY)));
    out.print("java-jwt", "4.6.2");
  }
}
