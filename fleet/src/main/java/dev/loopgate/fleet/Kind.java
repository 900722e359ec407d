package dev.loopgate.fleet;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/// A kind of what users declare, with how its spec and its status are read and written. There are
/// three, and each is a constant here.
///
/// @param <S> what users declare of it
/// @param <T> what is observed of it
public final class Kind<S, T> {
  /// A model that is to be served.
  public static final Kind<DeploymentSpec, DeploymentStatus> DEPLOYMENT =
      new Kind<>(
          "ModelDeployment",
          "deployment",
          DeploymentStatus.NEW,
          DeploymentJson::readSpec,
          DeploymentJson::readStatus,
          (spec, _) -> DeploymentJson.writeSpec(spec),
          DeploymentJson::writeStatus,
          (before, after) -> after.keepingModelOf(before));

  /// A path under which callers reach deployments.
  public static final Kind<RouteSpec, RouteStatus> ROUTE =
      new Kind<>(
          "ModelRoute",
          "route",
          RouteStatus.NEW,
          RouteJson::readSpec,
          RouteJson::readStatus,
          (spec, _) -> RouteJson.writeSpec(spec),
          RouteJson::writeStatus,
          (_, after) -> after);

  /// What it takes to reach another system.
  public static final Kind<ConnectionSpec, ConnectionStatus> CONNECTION =
      new Kind<>(
          "Connection",
          "connection",
          ConnectionStatus.NEW,
          ConnectionJson::readSpec,
          ConnectionJson::readStatus,
          ConnectionJson::writeSpec,
          _ -> JsonNodeFactory.instance.objectNode(),
          (_, after) -> after);

  private final String word;
  private final String folder;
  private final T fresh;
  private final Function<FieldReader, S> specReader;
  private final Function<FieldReader, T> statusReader;
  private final BiFunction<S, SecretText, ObjectNode> specWriter;
  private final Function<T, ObjectNode> statusWriter;
  private final BinaryOperator<T> follows;

  private Kind(
      String word,
      String folder,
      T fresh,
      Function<FieldReader, S> specReader,
      Function<FieldReader, T> statusReader,
      BiFunction<S, SecretText, ObjectNode> specWriter,
      Function<T, ObjectNode> statusWriter,
      BinaryOperator<T> follows) {
    this.word = word;
    this.folder = folder;
    this.fresh = fresh;
    this.specReader = specReader;
    this.statusReader = statusReader;
    this.specWriter = specWriter;
    this.statusWriter = statusWriter;
    this.follows = follows;
  }

  /// All three.
  public static List<Kind<?, ?>> all() {
    return List.of(DEPLOYMENT, ROUTE, CONNECTION);
  }

  /// The word of the contract, which stands as `kind` in manifests.
  public String word() {
    return word;
  }

  /// A short word for paths and messages: lower-case letters.
  public String folder() {
    return folder;
  }

  /// The status of what nobody has looked at yet.
  public T fresh() {
    return fresh;
  }

  /// `declared` as one of this kind.
  ///
  /// @throws IllegalArgumentException when it is of another
  @SuppressWarnings("unchecked") // its kind says so: nobody else makes one with this constant
  public Declared<S, T> cast(Declared<?, ?> declared) {
    if (declared.kind() != this) {
      throw new IllegalArgumentException(
          "kind: value=" + declared.kind().word + ", allowed=" + word);
    }
    return (Declared<S, T>) declared;
  }

  S readSpec(FieldReader from) {
    return specReader.apply(from);
  }

  T readStatus(FieldReader from) {
    return statusReader.apply(from);
  }

  ObjectNode writeSpec(S spec, SecretText secrets) {
    return specWriter.apply(spec, secrets);
  }

  ObjectNode writeStatus(T status) {
    return statusWriter.apply(status);
  }

  /// The status that holds once `after` was observed where `before` held.
  T following(T before, T after) {
    return follows.apply(before, after);
  }

  @Override
  public String toString() {
    return word;
  }
}
