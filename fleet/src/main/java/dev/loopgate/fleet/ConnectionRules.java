package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the contract demands of a connection (section 7), and what holds where it says nothing. No
/// message shows a secret.
public final class ConnectionRules {
  /// The types there are.
  public static final List<String> TYPES =
      List.of("s3", "gcs", "azureblob", "git", "docker", "ecr");

  // <account>.dkr.ecr.<region>.amazonaws.com, with or without https:// and a path.
  private static final Pattern ECR =
      Pattern.compile(
          "(?:https://)?[a-zA-Z0-9][a-zA-Z0-9_-]*\\.dkr\\.ecr(?:-fips)?\\."
              + "([a-zA-Z0-9][a-zA-Z0-9_-]*)\\.amazonaws\\.com(?:\\.cn)?(?:[:/].*)?");

  private final HostKeys hostKeys;

  /// The rules.
  ///
  /// @param hostKeys whom to ask for the key of a repository's host where none is declared
  public ConnectionRules(HostKeys hostKeys) {
    this.hostKeys = hostKeys;
  }

  /// What is wrong with `spec`, and the spec with defaults filled in.
  ///
  /// A secret that is [Secret#MASK] is the one of `before` while `type` and `uri` are the same;
  /// else it has to be given again. That is ours and not of the contract: who may write and not
  /// read secrets would else have one sent to a place of theirs.
  ///
  /// @param before what is declared already; null for a new one. Whoever writes what is accepted
  ///   expects the version that was read here, or a secret could go where it was not declared for
  public Verdict<ConnectionSpec> check(
      String id, ConnectionSpec spec, @Nullable ConnectionSpec before) {
    boolean same =
        before != null && spec.uri().equals(before.uri()) && spec.type().equals(before.type());
    ConnectionSpec full = before != null && same ? unmasked(spec, before) : spec;
    ConnectionSpec moved = same ? null : before;
    List<Violation> wrong = new ArrayList<>();
    checkSecret(moved, ConnectionSpec::password, full, "password", "password", wrong);
    checkSecret(moved, ConnectionSpec::keySecret, full, "keySecret", "key secret", wrong);
    checkSecret(moved, ConnectionSpec::keyID, full, "keyID", "key id", wrong);
    checkSecret(moved, ConnectionSpec::publicKey, full, "publicKey", "public key", wrong);
    Ids.check(id, wrong);
    if (full.uri().isEmpty()) {
      add(wrong, "uri", "empty uri");
    }
    full = checkType(full, wrong);
    String joined = wrong.stream().map(Violation::message).collect(Collectors.joining("; "));
    return new Verdict<>(
        full, wrong, wrong.isEmpty() ? "" : "Validation of connection is failed: " + joined);
  }

  /// Why it can't be deleted: it is vital. Empty when it is not.
  public static Optional<String> refusalOfDeletion(
      Declared<ConnectionSpec, ConnectionStatus> connection) {
    return connection.spec().vital()
        ? Optional.of(connection.id() + " connection is vital, it cannot be deleted")
        : Optional.empty();
  }

  private static ConnectionSpec unmasked(ConnectionSpec spec, ConnectionSpec before) {
    return spec.with(
        spec.region(),
        unmasked(spec.password(), before.password()),
        unmasked(spec.keyID(), before.keyID()),
        unmasked(spec.keySecret(), before.keySecret()),
        unmasked(spec.publicKey(), before.publicKey()));
  }

  private static Secret unmasked(Secret now, Secret before) {
    return now.isMask() && !before.isEmpty() ? before : now;
  }

  /// @param moved what is declared already, of another type or at another uri; null for none
  private static void checkSecret(
      @Nullable ConnectionSpec moved,
      Function<ConnectionSpec, Secret> of,
      ConnectionSpec spec,
      String field,
      String name,
      List<Violation> wrong) {
    Secret secret = of.apply(spec);
    if (moved != null && secret.isMask() && !of.apply(moved).isEmpty()) {
      add(wrong, field, name + " must be given again, because type or uri is another");
      return;
    }
    EncodedText.problem(secret.text())
        .ifPresent(
            problem -> add(wrong, field, name + " must be base64-encoded, error: " + problem));
  }

  private ConnectionSpec checkType(ConnectionSpec spec, List<Violation> wrong) {
    switch (spec.type()) {
      case "s3" -> checkS3(spec, wrong);
      case "gcs" -> checkGcs(spec, wrong);
      case "azureblob" -> {
        if (spec.keySecret().isEmpty()) {
          add(
              wrong,
              "keySecret",
              "azureblob type requires that keySecret parameter contains HTTP endpoint with SAS"
                  + " Token");
        }
      }
      case "docker" -> checkDocker(spec, wrong);
      case "git" -> {
        return withHostKey(spec, wrong);
      }
      case "ecr" -> {
        return withRegion(spec, wrong);
      }
      default ->
          add(
              wrong,
              "type",
              "unknown type: "
                  + Shown.of(spec.type())
                  + ". Supported types: ["
                  + String.join(" ", TYPES)
                  + "]");
    }
    return spec;
  }

  private static void checkS3(ConnectionSpec spec, List<Violation> wrong) {
    if (spec.region().isEmpty()) {
      add(wrong, "region", "s3 type requires that region must be non-empty");
    }
    if (!spec.role().isEmpty()) {
      add(wrong, "role", "s3 type does not support role parameter yet");
    }
    checkKeys(spec, wrong);
  }

  private static void checkGcs(ConnectionSpec spec, List<Violation> wrong) {
    if (spec.region().isEmpty()) {
      add(wrong, "region", "gcs type requires that region must be non-empty");
    }
    if (!spec.role().isEmpty()) {
      add(wrong, "role", "gcs type does not support role parameter yet must be non-empty");
    }
    if (spec.keySecret().isEmpty()) {
      add(wrong, "keySecret", "gcs type requires that keySecret parameter must be non-empty");
    }
  }

  private static void checkDocker(ConnectionSpec spec, List<Violation> wrong) {
    if (spec.password().isEmpty()) {
      add(wrong, "password", "docker type requires the password parameter");
    }
    if (spec.username().isEmpty()) {
      add(wrong, "username", "docker type requires the username parameter");
    }
  }

  private static void checkKeys(ConnectionSpec spec, List<Violation> wrong) {
    if (spec.keySecret().isEmpty() || spec.keyID().isEmpty()) {
      add(
          wrong,
          spec.keyID().isEmpty() ? "keyID" : "keySecret",
          spec.type() + " type requires that keyID and keySecret parameters must be non-empty");
    }
  }

  private ConnectionSpec withHostKey(ConnectionSpec spec, List<Violation> wrong) {
    if (!spec.publicKey().isEmpty() || spec.uri().isEmpty()) {
      return spec;
    }
    try {
      return spec.with(
          spec.region(), spec.password(), spec.keyID(), spec.keySecret(), hostKeys.of(spec.uri()));
    } catch (IllegalArgumentException e) {
      add(
          wrong,
          "publicKey",
          "can not extract the public SSH host key from URI: " + e.getMessage());
      return spec;
    }
  }

  private static ConnectionSpec withRegion(ConnectionSpec spec, List<Violation> wrong) {
    ConnectionSpec full = spec;
    if (!spec.uri().isEmpty()) {
      Matcher uri = ECR.matcher(spec.uri());
      if (!uri.matches()) {
        add(
            wrong,
            "uri",
            "not valid uri for ecr type: "
                + Shown.of(spec.uri())
                + ", allowed: <account>.dkr.ecr.<region>.amazonaws.com");
      } else if (spec.region().isEmpty()) {
        full =
            spec.with(
                uri.group(1), spec.password(), spec.keyID(), spec.keySecret(), spec.publicKey());
      }
    }
    checkKeys(spec, wrong);
    return full;
  }

  private static void add(List<Violation> wrong, String field, String message) {
    wrong.add(new Violation("/spec/" + field, message));
  }
}
