package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.Declaration;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredEvent;
import dev.loopgate.fleet.DeclaredJson;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.EventPage;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.MalformedException;
import dev.loopgate.fleet.RouteRules;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.Shown;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.fleet.Verdict;
import dev.loopgate.fleet.Written;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One kind of what is declared, as callers read and write it (contract sections 4 to 7). Any
/// thread that may block.
///
/// @param <S> what is declared
/// @param <T> what is observed
final class DeclaredEntities<S, T> {
  /*
   * Whoever writes holds one lock for all kinds, because rules look at other declared things, and
   * expects the version that the rules looked at. Who observes and who deletes what is marked take
   * no part in the lock: so a version may be gone meanwhile, and everything is looked at again.
   * Bodies are read under the lock, too: as a tree one takes many times its bytes, and so there is
   * one tree at a time.
   */

  /// Characters of a reply at most. A list is refused above; a page of events ends there.
  static final int REPLY_LENGTH_MAX = 4 << 20;

  /// Events of a page at most.
  static final int EVENTS_PER_PAGE = 100;

  private static final int SIZE = 500; // of a list, where it is not said
  private static final int TRIES_MAX = 20; // a status is not written so often during one write

  private static final Set<String> LISTING = Set.of("size", "page");
  private static final Set<String> WATCHING = Set.of("watch", "cursor");
  private static final Set<String> STATES =
      Stream.of(DeploymentStatus.State.values())
          .map(DeploymentStatus.State::word)
          .filter(word -> !word.isEmpty())
          .collect(Collectors.toCollection(TreeSet::new));

  private final DeclaredStore store;
  private final DeclaredRules<S, T> rules;
  private final Kind<S, T> kind;
  private final Lock writing;
  private final StateWait waits;

  /// @param writing the one lock of who writes for users
  /// @param waits where callers wait
  DeclaredEntities(DeclaredStore store, DeclaredRules<S, T> rules, Lock writing, StateWait waits) {
    this.store = store;
    this.rules = rules;
    this.kind = rules.kind();
    this.writing = writing;
    this.waits = waits;
  }

  /// With `watch=true` what happens to them instead, for as long as the caller reads.
  ApiReply list(ApiRequest request, Watches watches) throws ProblemException {
    Query query = Query.of(request, both(LISTING, WATCHING));
    if (query.flag("watch")) {
      query.refuseAllBut(WATCHING); // all of the kind, and nothing else
      return ApiReply.events(watches.watch(kind, "", cursor(request, query, Watches.FROM_NOW)));
    }
    query.refuseAllBut(both(LISTING, Set.of("watch")));
    int size = query.number("size", SIZE);
    long before = (long) size * query.number("page", 0);
    List<Declared<S, T>> page =
        store.list(kind).stream()
            .filter(each -> query.passes(rules.filter(), rules.filtered().apply(each.spec())))
            .skip(before)
            .limit(size)
            .toList();
    StringBuilder json = new StringBuilder("[");
    for (Declared<S, T> each : page) {
      json.append(json.length() > 1 ? "," : "").append(DeclaredJson.write(each));
      if (json.length() > REPLY_LENGTH_MAX) {
        throw new Problem(
                400,
                "the answer is larger than "
                    + REPLY_LENGTH_MAX
                    + " characters: ask for less of it by size and page")
            .thrown();
      }
    }
    return ApiReply.json(200, json.append(']').toString());
  }

  // And what lists of this kind are filtered by.
  private Set<String> both(Set<String> some, Set<String> others) {
    Set<String> all = new HashSet<>(some);
    all.addAll(others);
    if (!rules.filter().isEmpty()) {
      all.add(rules.filter());
    }
    return all;
  }

  /// What happens to one of them, all that is known of it first.
  ApiReply watch(ApiRequest request, String id, Watches watches) throws ProblemException {
    Query query = Query.of(request, Set.of("cursor"));
    found(id);
    return ApiReply.events(watches.watch(kind, id, cursor(request, query, 0)));
  }

  // A client that comes again tells what it had last.
  private static long cursor(ApiRequest request, Query query, long absent) throws ProblemException {
    String last = request.header("last-event-id");
    return last.isEmpty() ? query.cursor(absent) : Query.cursorOf(last);
  }

  /// Where `wait` names a state, the answer comes when it is so, or is over, or after `timeout`.
  ApiReply get(ApiRequest request, String id) throws ProblemException {
    boolean hasState = kind != Kind.CONNECTION;
    Query query = Query.of(request, hasState ? Set.of("wait", "timeout") : Set.of());
    String wanted = query.word("wait");
    int most = (int) StateWait.WITHIN_MAX.toSeconds();
    int seconds = query.number("timeout", most);
    if (seconds > most) {
      throw new Problem(400, "timeout: value=" + seconds + ", allowed=0 to " + most).thrown();
    }
    if (!wanted.isEmpty()) {
      checkState(wanted);
      waits.await(Duration.ofSeconds(seconds), () -> stateOf(found(id)).equals(wanted));
    }
    Declared<S, T> found = found(id);
    return read(request, found, DeclaredJson.write(found));
  }

  private static void checkState(String wanted) throws ProblemException {
    if (!STATES.contains(wanted)) {
      throw new Problem(
              400, "wait: value=" + Shown.of(wanted) + ", allowed=" + String.join(", ", STATES))
          .thrown();
    }
  }

  private static String stateOf(Declared<?, ?> declared) {
    return switch (declared.status()) {
      case DeploymentStatus status -> status.state().word();
      case RouteStatus status -> status.state().word();
      default -> "";
    };
  }

  /// As it is, whatever the caller knows of it.
  ApiReply current(String id) throws ProblemException {
    return written(200, found(id));
  }

  /// With its secrets.
  ApiReply getDecrypted(ApiRequest request, String id) throws ProblemException {
    Query.of(request, Set.of());
    Declared<S, T> found = found(id);
    return read(request, found, DeclaredJson.writeDecrypted(found))
        .with("cache-control", "no-store");
  }

  ApiReply events(ApiRequest request) throws ProblemException {
    Query query = Query.of(request, Set.of("cursor"));
    EventPage page = store.events(kind, query.cursor(0), EVENTS_PER_PAGE);
    StringBuilder json = new StringBuilder("{\"events\":[");
    long cursor = page.cursor();
    boolean first = true;
    for (DeclaredEvent event : page.events()) {
      json.append(first ? "" : ",").append(DeclaredJson.write(event));
      first = false;
      if (json.length() > REPLY_LENGTH_MAX) {
        cursor = event.cursor(); // the others are of the next page
        break;
      }
    }
    json.append("],\"cursor\":").append(cursor);
    return ApiReply.json(200, json.append(page.cutOff() ? ",\"cutOff\":true}" : "}").toString());
  }

  /// @param created told of it before the answer, when others may write again
  ApiReply create(ApiRequest request, Consumer<Ref> created)
      throws ProblemException, StoreException {
    Query.of(request, Set.of());
    Declared<S, T> declared =
        writing(() -> {
          Declaration<S> declaration = declaration(DeclaredBody.read(request));
          refuse(rules.refusalOfNew().apply(declaration));
          Verdict<S> verdict = rules.check().of(declaration, null);
          if (!verdict.isAccepted()) {
            throw Problem.invalid(verdict).thrown();
          }
          return kept(store.create(kind, declaration.id(), verdict.spec()), declaration.id())
              .orElseThrow(); // nothing was expected
        });
    created.accept(new Ref(kind, declared.id()));
    return written(201, declared);
  }

  ApiReply replace(ApiRequest request) throws ProblemException, StoreException {
    Query.of(request, Set.of());
    EntityTags expected = ifMatch(request);
    return writing(() -> {
      Declaration<S> declaration = declaration(DeclaredBody.read(request));
      String id = declaration.id();
      return untilKept(id, () -> replaced(declaration, expected, id));
    });
  }

  ApiReply patch(ApiRequest request, String id) throws ProblemException, StoreException {
    Query.of(request, Set.of());
    EntityTags expected = ifMatch(request);
    return writing(() -> {
      JsonNode patch = DeclaredBody.read(request);
      if (!patch.isObject()) {
        throw new Problem(400, "a merge patch must be an object").thrown();
      }
      return untilKept(id, () -> patched(patch, expected, id));
    });
  }

  ApiReply delete(ApiRequest request, String id) throws ProblemException, StoreException {
    Query.of(request, Set.of());
    EntityTags expected = ifMatch(request);
    return writing(() ->
        untilKept(
            id,
            () -> {
              Declared<S, T> current = found(id);
              checkExpected(expected, current);
              OptionalLong version = OptionalLong.of(current.version());
              // What a deployment runs has to go first; of the others nothing runs.
              Written<S, T> written =
                  kind == Kind.DEPLOYMENT
                      ? store.mark(kind, id, version)
                      : store.delete(kind, id, version);
              return kept(written, id).map(_ -> deleted(id));
            }));
  }

  /// A reply to a read, or that nothing has changed since the caller's.
  static ApiReply read(ApiRequest request, Declared<?, ?> declared, ObjectNode json) {
    String tag = EntityTags.of(declared);
    return EntityTags.parse(request.list("if-none-match")).has(declared)
        ? ApiReply.notModified().with("etag", tag)
        : ApiReply.json(200, json.toString()).with("etag", tag);
  }

  private Optional<ApiReply> patched(JsonNode patch, EntityTags expected, String id)
      throws ProblemException, StoreException {
    Declared<S, T> current = found(id);
    refuse(RouteRules.refusalOfUpdate(current));
    checkExpected(expected, current);
    // Masked: a mask that comes back unchanged means the secret that is there.
    ObjectNode target = DeclaredJson.write(current);
    Declaration<S> patched = declaration(MergePatch.apply(target, patch));
    if (!patched.id().equals(id)) {
      throw new Problem(400, "the ID of an entity can not be changed").thrown();
    }
    return replaced(patched, expected, id);
  }

  private Optional<ApiReply> replaced(Declaration<S> declaration, EntityTags expected, String id)
      throws ProblemException, StoreException {
    Optional<Declared<S, T>> current = store.get(kind, id);
    if (current.isPresent()) {
      refuse(RouteRules.refusalOfUpdate(current.get()));
    }
    refuse(rules.refusalOfNew().apply(declaration));
    Verdict<S> verdict = rules.check().of(declaration, current.map(Declared::spec).orElse(null));
    if (!verdict.isAccepted()) {
      throw Problem.invalid(verdict).thrown();
    }
    if (current.isEmpty()) {
      throw Problem.notFound(id).thrown();
    }
    checkExpected(expected, current.get());
    OptionalLong version = OptionalLong.of(current.get().version());
    return kept(store.replace(kind, id, verdict.spec(), version), id)
        .map(declared -> written(200, declared));
  }

  private Declared<S, T> found(String id) throws ProblemException {
    return store.get(kind, id).orElseThrow(() -> Problem.notFound(id).thrown());
  }

  private Declaration<S> declaration(JsonNode body) throws ProblemException {
    try {
      return DeclaredJson.read(kind, body);
    } catch (MalformedException e) {
      throw new Problem(400, String.valueOf(e.getMessage()), e.violations()).thrown();
    }
  }

  private static void refuse(Optional<String> why) throws ProblemException {
    if (why.isPresent()) {
      throw Problem.forbidden(why.get()).thrown();
    }
  }

  private static EntityTags ifMatch(ApiRequest request) {
    String header = request.list("if-match");
    return EntityTags.parse(header.isEmpty() ? "*" : header);
  }

  private static void checkExpected(EntityTags expected, Declared<?, ?> current)
      throws ProblemException {
    if (!expected.hasStrong(current)) {
      throw new Problem(
              412,
              "entity \""
                  + current.id()
                  + "\" is another than expected: its entity tag is "
                  + EntityTags.of(current))
          .thrown();
    }
  }

  /// What is kept now; empty when another version came between.
  private Optional<Declared<S, T>> kept(Written<S, T> written, String id) throws ProblemException {
    return switch (written) {
      case Written.Kept(var declared) -> Optional.of(declared);
      case Written.Stale<S, T> _ -> Optional.empty();
      case Written.Exists<S, T> _ -> throw Problem.exists(id).thrown();
      case Written.Missing<S, T>() -> throw Problem.notFound(id).thrown();
      case Written.Refused(var reason, String message) -> throw refused(reason, message).thrown();
    };
  }

  private static Problem refused(Written.Reason reason, String message) {
    return switch (reason) {
      case DEFAULT_ROUTE -> Problem.forbidden(message);
      case TOO_LARGE -> new Problem(413, message);
      case TOO_MANY, VITAL, UNREADABLE -> new Problem(400, message);
    };
  }

  private static ApiReply written(int status, Declared<?, ?> declared) {
    return ApiReply.json(status, DeclaredJson.write(declared).toString())
        .with("etag", EntityTags.of(declared));
  }

  private ApiReply deleted(String id) {
    return ApiReply.json(
        200,
        JsonText.write(json -> {
          json.writeStartObject();
          json.writeStringField("message", rules.noun() + " " + id + " was deleted");
          json.writeEndObject();
        }));
  }

  /// A write.
  @FunctionalInterface
  private interface Writing<R> {
    R run() throws ProblemException, StoreException;
  }

  private <R> R writing(Writing<R> work) throws ProblemException, StoreException {
    writing.lock();
    try {
      return work.run();
    } finally {
      writing.unlock();
    }
  }

  private static ApiReply untilKept(String id, Writing<Optional<ApiReply>> work)
      throws ProblemException, StoreException {
    for (int tries = 0; tries < TRIES_MAX; tries++) {
      Optional<ApiReply> reply = work.run();
      if (reply.isPresent()) {
        return reply.get();
      }
    }
    throw new Problem(409, "entity \"" + id + "\" changes too often to be written now").thrown();
  }
}
