package dev.loopgate.policy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The keys that were published together (RFC 7517, section 5). Immutable, any thread.
final class KeySet {
  /// No keys yet.
  static final KeySet NONE = new KeySet(List.of());

  private static final int KEYS_MAX = 32; // a token without a key's name is tried with each

  private final List<VerifyingKey> keys;

  private KeySet(List<VerifyingKey> keys) {
    this.keys = List.copyOf(keys);
  }

  /// Reads a key set. Keys that are no use here are passed over; a key that was there `before` is
  /// the same one again. Once there were keys, a set without any says that there are none any more:
  /// the issuer has revoked them all.
  ///
  /// @param place for messages
  /// @param before [#NONE] when there never were any
  /// @throws KeysRefusedException when it is none, has no key to verify with, or one that must not
  ///   be published
  static KeySet parse(byte[] json, String place, KeySet before) throws KeysRefusedException {
    List<Map<String, Object>> members = membersOf(json, place);
    if (members.isEmpty() && before != NONE) {
      return new KeySet(List.of());
    }
    List<VerifyingKey> keys = new ArrayList<>();
    for (Map<String, Object> each : members) {
      JWK jwk = keyOf(each);
      if (jwk == null) {
        continue;
      }
      if (jwk.isPrivate()) {
        throw new KeysRefusedException(
            KeyType.OCT.equals(jwk.getKeyType())
                ? place + " has a symmetric key: who can verify with it could sign, too"
                : place + " has a private key, which belongs to the issuer alone");
      }
      VerifyingKey key = before.find(jwk);
      key = key == null ? VerifyingKey.of(jwk) : key;
      if (key != null && !keys.contains(key)) {
        keys.add(key);
      }
    }
    if (keys.isEmpty() || keys.size() > KEYS_MAX) {
      throw new KeysRefusedException(
          place
              + " has "
              + keys.size()
              + " keys to verify with (RSA from 2048 bits, P-256, P-384, P-521, Ed25519); allowed: 1 to "
              + KEYS_MAX);
    }
    return new KeySet(keys);
  }

  private static List<Map<String, Object>> membersOf(byte[] json, String place)
      throws KeysRefusedException {
    try {
      Map<String, Object>[] members =
          JSONObjectUtils.getJSONObjectArray(
              JSONObjectUtils.parse(new String(json, UTF_8)), "keys");
      if (members != null) {
        return List.of(members);
      }
    } catch (ParseException | RuntimeException _) {
      // Said below: the library's words may have some of what was read in them.
    }
    throw new KeysRefusedException(place + " is no key set in JSON like {\"keys\":[...]}");
  }

  private static @Nullable JWK keyOf(Map<String, Object> member) {
    try {
      return JWK.parse(member);
    } catch (ParseException | RuntimeException _) {
      return null; // of a kind that nobody knew yet
    }
  }

  int size() {
    return keys.size();
  }

  boolean isEmpty() {
    return keys.isEmpty();
  }

  boolean hasSameKeysAs(KeySet other) {
    return keys.size() == other.keys.size() && other.keys.containsAll(keys);
  }

  /// The keys that a token may mean by this name.
  List<VerifyingKey> named(@Nullable String name) {
    return keys.stream().filter(key -> key.answersTo(name)).toList();
  }

  /// Whether any key is for the algorithm.
  boolean isFor(JWSAlgorithm algorithm) {
    return keys.stream().anyMatch(key -> key.isFor(algorithm));
  }

  /// Retires the keys that `next` has no more.
  void retireAllBut(KeySet next) {
    for (VerifyingKey key : keys) {
      if (!next.keys.contains(key)) {
        key.retire();
      }
    }
  }

  private @Nullable VerifyingKey find(JWK jwk) {
    return keys.stream().filter(key -> key.isSameAs(jwk)).findFirst().orElse(null);
  }
}
