package corpus;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** JWTs as nimbus-jose-jwt makes them. */
final class Nimbus {
  private static String sign(JWSHeader header, UnaryOperator<JWTClaimsSet.Builder> change) throws Exception {
    SignedJWT jwt = new SignedJWT(header, change.apply(new JWTClaimsSet.Builder()).build());
    jwt.sign(new MACSigner(Out.KEY));
    return jwt.serialize();
  }

  private static JWSHeader.Builder header(JWSAlgorithm algorithm) {
    return new JWSHeader.Builder(algorithm).keyID(Out.KID);
  }

  private static String sign(UnaryOperator<JWTClaimsSet.Builder> change) throws Exception {
    return sign(header(JWSAlgorithm.HS256).build(), change);
  }

  public static void main(String[] args) throws Exception {
    Date exp = Out.at(Out.EXP);
    Date now = Out.at(Out.NOW);
    UnaryOperator<JWTClaimsSet.Builder> shortly = b -> b.expirationTime(exp);
    Out out = new Out();
    out.add("default", () -> sign(shortly));
    out.add("all registered claims", () -> sign(b -> b.issuer("shop").subject("ada").audience("orders").jwtID("j-1")
        .expirationTime(exp).notBeforeTime(now).issueTime(now)));
    out.add("several audiences", () -> sign(b -> b.audience(List.of("orders", "mail")).expirationTime(exp)));
    out.add("exp is Long.MAX_VALUE ms", () -> sign(b -> b.expirationTime(new Date(Long.MAX_VALUE))));
    out.add("sub and jti are numbers", () -> sign(b -> b.claim("sub", 42).claim("jti", 7).expirationTime(exp)));
    out.add("user id is a number", () -> sign(b -> b.claim("userId", Long.MAX_VALUE).expirationTime(exp)));
    out.add("scope is text", () -> sign(b -> b.claim("scope", "orders:read mail").expirationTime(exp)));
    out.add("scope is a list", () -> sign(b -> b.claim("scope", List.of("orders:read", "mail")).expirationTime(exp)));
    out.add("claims are null", () -> sign(b -> b.claim("scope", null).subject(null).expirationTime(exp)));
    out.add("null claims are written", () -> sign(b ->
        b.serializeNullClaims(true).claim("scope", null).subject(null).expirationTime(exp)));
    out.add("nested claims", () -> sign(b -> b.claim("user", Map.of("roles", List.of("a"))).expirationTime(exp)));
    out.add("text beyond ASCII", () -> sign(b -> b.claim("name", "Zoë 😀").expirationTime(exp)));
    out.add("nbf a minute ahead", () -> sign(b -> b.notBeforeTime(Out.at(Out.NOW + 60)).expirationTime(exp)));
    out.add("no exp", () -> sign(b -> b.subject("ada")));
    out.add("expired", () -> sign(b -> b.expirationTime(Out.at(Out.NOW - 1))));
    out.add("typ JWT", () -> sign(header(JWSAlgorithm.HS256).type(JOSEObjectType.JWT).build(), shortly));
    out.add("typ at+jwt", () ->
        sign(header(JWSAlgorithm.HS256).type(new JOSEObjectType("at+jwt")).build(), shortly));
    out.add("with cty", () -> sign(header(JWSAlgorithm.HS256).contentType("JSON").build(), shortly));
    out.add("kid in upper case", () ->
        sign(new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(Out.KID.toUpperCase()).build(), shortly));
    out.add("embedded key", () -> sign(header(JWSAlgorithm.HS256)
        .jwk(new OctetSequenceKey.Builder("a-key".getBytes()).build()).build(), shortly));
    out.add("b64 false", () -> {
      JWSHeader header = header(JWSAlgorithm.HS256).base64URLEncodePayload(false)
          .criticalParams(Set.of("b64")).build();
      JWSObject object = new JWSObject(header, new Payload("hello"));
      object.sign(new MACSigner(Out.KEY));
      return object.serialize();
    });
    out.add("HS384", () -> sign(header(JWSAlgorithm.HS384).build(), shortly));
    out.add("HS512", () -> sign(header(JWSAlgorithm.HS512).build(), shortly));
    out.add("alg none", () -> new PlainJWT(shortly.apply(new JWTClaimsSet.Builder()).build()).serialize());
    out.add("no kid", () -> sign(new JWSHeader(JWSAlgorithm.HS256), shortly));
    out.print("nimbus-jose-jwt", "10.10");
  }
}
