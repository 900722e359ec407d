package dev.loopgate.policy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.text.ParseException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Judges tokens: JWTs in the compact form (RFC 7515, 7519), signed, with an end. Any thread.
final class TokenReader {
  private static final int PRINCIPAL_LENGTH_MAX = 256;

  private final PolicyConfig.Expected expected;

  TokenReader(PolicyConfig.Expected expected) {
    this.expected = expected;
  }

  /// @param token of base64url characters and dots, else it is none
  Verdict judge(String token, KeySet keys, long nowMillis) {
    int first = token.indexOf('.');
    int last = token.lastIndexOf('.');
    if (first <= 0 || last <= first + 1 || token.indexOf('.', first + 1) != last) {
      return new Verdict.Refused(RefusalReason.MALFORMED);
    }
    Map<String, Object> head = objectIn(token.substring(0, first));
    Map<String, Object> claims = objectIn(token.substring(first + 1, last));
    if (head == null || claims == null) {
      return new Verdict.Refused(RefusalReason.MALFORMED);
    }
    if (!(head.get("alg") instanceof String algorithm)
        || !VerifyingKey.ALGORITHMS.contains(algorithm)) {
      return new Verdict.Refused(RefusalReason.ALGORITHM); // none and HS256 too
    }
    if (head.containsKey("crit") || head.containsKey("b64")) {
      return new Verdict.Refused(RefusalReason.MALFORMED); // we know no extension
    }
    try {
      JWSHeader header = JWSHeader.parse(head);
      byte[] signed = token.substring(0, last).getBytes(US_ASCII);
      return judge(
          header, signed, new Base64URL(token.substring(last + 1)), claims, keys, nowMillis);
    } catch (ParseException | RuntimeException _) {
      return new Verdict.Refused(RefusalReason.MALFORMED); // a member of the wrong type
    }
  }

  private Verdict judge(
      JWSHeader header,
      byte[] signed,
      Base64URL signature,
      Map<String, Object> claims,
      KeySet keys,
      long nowMillis) {
    List<VerifyingKey> named = keys.named(header.getKeyID());
    if (named.isEmpty() || (header.getKeyID() == null && !keys.isFor(header.getAlgorithm()))) {
      return new Verdict.KeyMissing();
    }
    RefusalReason reason = RefusalReason.ALGORITHM;
    for (VerifyingKey key : named) {
      if (key.isFor(header.getAlgorithm())) {
        if (key.verifies(header, signed, signature)) {
          return judge(claims, key, nowMillis);
        }
        reason = RefusalReason.SIGNATURE;
      }
    }
    return new Verdict.Refused(reason);
  }

  private Verdict judge(Map<String, Object> claims, VerifyingKey key, long nowMillis) {
    long leewayMillis = expected.leeway().toMillis();
    Long until = millisIn(claims.get("exp"));
    if (until == null || nowMillis >= until + leewayMillis) {
      return new Verdict.Refused(RefusalReason.EXPIRED);
    }
    Object notBefore = claims.get("nbf");
    Long from = notBefore == null ? Long.valueOf(0) : millisIn(notBefore);
    if (from == null || nowMillis < from - leewayMillis) {
      return new Verdict.Refused(RefusalReason.NOT_YET_VALID);
    }
    if (expected.issuer() != null && !expected.issuer().equals(claims.get("iss"))) {
      return new Verdict.Refused(RefusalReason.ISSUER);
    }
    if (expected.audience() != null && !names(claims.get("aud"), expected.audience())) {
      return new Verdict.Refused(RefusalReason.AUDIENCE);
    }
    String subject = claims.get("sub") instanceof String text ? text : "";
    String principal =
        subject.length() > PRINCIPAL_LENGTH_MAX
            ? subject.substring(0, PRINCIPAL_LENGTH_MAX)
            : subject;
    return new Verdict.Verified(principal, rolesIn(claims), until, key);
  }

  private Set<String> rolesIn(Map<String, Object> claims) {
    String path = expected.rolesClaim();
    Object found = claims.get(path); // a name may have dots itself
    if (found == null) {
      found = claims;
      for (String name : path.split("\\.", -1)) {
        found = found instanceof Map<?, ?> members ? members.get(name) : null;
      }
    }
    Set<String> roles = new HashSet<>();
    switch (found) {
      case Collection<?> many -> {
        for (Object each : many) {
          if (each instanceof String role) {
            roles.add(role);
          }
        }
      }
      case String text -> roles.addAll(List.of(text.split(" ", -1)));
      case null, default -> {} // none
    }
    return roles;
  }

  private static boolean names(@Nullable Object audience, String ours) {
    return audience instanceof Collection<?> many ? many.contains(ours) : ours.equals(audience);
  }

  // Seconds since the epoch, with a fraction if one likes; null for what is no time.
  private static @Nullable Long millisIn(@Nullable Object claim) {
    if (!(claim instanceof Number number)) {
      return null;
    }
    double millis = number.doubleValue() * 1000;
    return millis >= 0 && millis < 1e15 ? Long.valueOf((long) millis) : null;
  }

  private static @Nullable Map<String, Object> objectIn(String part) {
    try {
      return JSONObjectUtils.parse(new String(new Base64URL(part).decode(), UTF_8));
    } catch (ParseException | RuntimeException _) {
      return null; // no JSON object
    }
  }
}
