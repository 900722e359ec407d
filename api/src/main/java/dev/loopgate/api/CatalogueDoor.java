package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.api.CatalogueFacts.ShownModel;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.ModelReader.ModelCard;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The pages that people look at: Swagger UI of the API under `/swagger/`, and of the models under
/// `/service-catalog/` (contract sections 5 and 10), with the documents that they show. Any thread;
/// requests are handled on [HandlerThreads].
///
/// What is asked here is answered from what is known: no model is asked, and none is woken.
public final class CatalogueDoor implements AutoCloseable {
  private static final String CATALOGUE = "/service-catalog";
  private static final String API_UI = "/swagger/";
  private static final String CATALOGUE_PAGE = CATALOGUE + "/catalog/index.html";
  private static final String ONE = CATALOGUE + "/catalog/openapi/";
  private static final String INFO = CATALOGUE + "/model-info/";
  private static final String JSON = "application/json; charset=utf-8";

  // Looked at again each time; what has not changed is not sent again.
  private static final String CHANGES = "no-cache";
  private static final String LASTS = "public, max-age=3600";

  // Nothing that a model's document says can load, send or run anything but ours.
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src"
          + " 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /// Documents that are kept until something changes, those that were asked for last; each has a
  /// few MiB at most.
  private static final int KEPT_MAX = 8;

  private final DeclaredStore store;
  private final Supplier<Map<String, ModelCard>> cards;
  private final ApiEvents events;
  private final WebFiles files = new WebFiles();
  private final TaggedBytes api = new TaggedBytes(JSON, DeclaredDoor.openApi());
  private final AnsweringThreads threads;
  private final ReentrantLock making = new ReentrantLock(); // so one at a time takes the memory
  private final Map<String, TaggedBytes> kept = // guarded by making, as the next
      new LinkedHashMap<>(KEPT_MAX, 0.75f, true);
  private @Nullable CatalogueFacts keptOf;

  /// @param cards what models said of themselves, by deployment
  public CatalogueDoor(
      DeclaredStore store, Supplier<Map<String, ModelCard>> cards, ApiEvents events) {
    this.store = store;
    this.cards = cards;
    this.events = events;
    this.threads = new AnsweringThreads(events);
  }

  /// Whether this path is one of the door's, whatever the method: a wrong one is answered 405.
  ///
  /// @param path without query, as on the wire
  public static boolean serves(String path) {
    if (path.startsWith(API_UI)) {
      String name = path.substring(API_UI.length());
      return switch (name) {
        case "", "index.html", "data.json", "swagger-initializer.js" -> true;
        default -> WebFiles.OF_SWAGGER_UI.containsKey(name);
      };
    }
    return path.equals("/swagger") || path.equals(CATALOGUE) || path.startsWith(CATALOGUE + "/");
  }

  /// Answers one request, exactly once.
  ///
  /// @param reply told before this returns, or on a thread of this room, or on the one that closes
  public void handle(ApiRequest request, Consumer<ApiReply> reply) {
    String id = request.header("request-id");
    Consumer<ApiReply> answer =
        answered ->
            reply.accept(
                answered
                    .with("content-security-policy", POLICY)
                    .with("x-content-type-options", "nosniff")
                    .with("referrer-policy", "no-referrer")
                    .toRequest(id));
    if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
      threads.tell(
          answer,
          new Problem(405, "the method is not allowed here: allowed=[GET]")
              .reply()
              .with("allow", "GET, HEAD"));
      return;
    }
    threads.answer(0, () -> serve(request, request.path()), answer);
  }

  /// Requests that wait are answered 503, and those that come.
  @Override
  public void close() {
    threads.close();
  }

  private ApiReply serve(ApiRequest request, String path) throws ProblemException {
    return switch (path) {
      case "/swagger", API_UI -> ApiReply.redirect("/swagger/index.html");
      case "/swagger/index.html" -> files.ours("api.html").reply(request, CHANGES);
      case "/swagger/swagger-initializer.js" -> files.ours("api.js").reply(request, CHANGES);
      case "/swagger/data.json" -> api.reply(request, CHANGES);
      case CATALOGUE, CATALOGUE + "/" -> ApiReply.redirect(CATALOGUE_PAGE);
      case CATALOGUE_PAGE -> files.ours("catalogue.html").reply(request, CHANGES);
      case CATALOGUE + "/swagger/swagger-initializer.js" ->
          files.ours("catalogue.js").reply(request, CHANGES);
      case CATALOGUE + "/catalog/data.json" -> document("data", request);
      case CATALOGUE + "/catalog/openapi.json" -> document("openapi", request);
      case CATALOGUE + "/catalog/config.json" -> document("config", request);
      case CATALOGUE + "/health" -> ApiReply.json(200, "{}");
      default -> {
        if (path.startsWith(ONE) && path.endsWith(".json")) {
          String id = path.substring(ONE.length(), path.length() - ".json".length());
          yield document("one " + id, request);
        }
        if (path.startsWith(INFO)) {
          yield document("info " + path.substring(INFO.length()), request);
        }
        yield files
            .ofSwaggerUi(path.substring(path.lastIndexOf('/') + 1))
            .filter(_ -> isOfSwaggerUi(path))
            .orElseThrow(() -> new Problem(404, "there is no such page").thrown())
            .reply(request, LASTS);
      }
    };
  }

  private static boolean isOfSwaggerUi(String path) {
    String folder = path.substring(0, path.lastIndexOf('/') + 1);
    return folder.equals(API_UI) || folder.equals(CATALOGUE + API_UI);
  }

  /// @param what `data`, `openapi`, `config`, or `one` or `info` with a deployment
  private ApiReply document(String what, ApiRequest request) throws ProblemException {
    CatalogueFacts facts = facts();
    int blank = what.indexOf(' ');
    if (blank >= 0) {
      model(facts, what.substring(blank + 1));
    }
    making.lock();
    try {
      if (!facts.equals(keptOf)) {
        kept.clear();
        keptOf = facts;
      }
      TaggedBytes made = kept.get(what);
      if (made == null) {
        made = new TaggedBytes(JSON, make(what, facts));
        kept.put(what, made);
        if (kept.size() > KEPT_MAX) {
          kept.remove(kept.keySet().iterator().next()); // which nobody has asked for the longest
        }
      }
      return made.reply(request, CHANGES);
    } finally {
      making.unlock();
    }
  }

  private byte[] make(String what, CatalogueFacts facts) {
    return switch (what) {
      case "config" -> bytes(config(facts));
      case "data" -> told(Catalogue.all(facts, Dialect.SWAGGER_2));
      case "openapi" -> told(Catalogue.all(facts, Dialect.OPENAPI_3));
      default -> {
        String id = what.substring(what.indexOf(' ') + 1);
        yield what.startsWith("info ")
            ? info(facts, facts.model(id))
            : bytes(Catalogue.one(facts, id, Dialect.OPENAPI_3).document());
      }
    };
  }

  private byte[] told(Catalogue.Made made) {
    made.refused().forEach(events::documentRefused);
    return bytes(made.document());
  }

  private static ObjectNode config(CatalogueFacts facts) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    var urls = config.putArray("urls");
    urls.addObject().put("name", "All models").put("url", "openapi.json");
    for (String each : facts.models().keySet()) {
      urls.addObject().put("name", each).put("url", "openapi/" + each + ".json");
    }
    return config;
  }

  private static byte[] info(CatalogueFacts facts, ShownModel model) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("deploymentID", model.deployment());
    ObjectNode served = json.putObject("servedModel");
    served
        .putObject("metadata")
        .put("modelName", model.name())
        .put("modelVersion", model.version())
        .putObject("others");
    served.putObject("swagger2").put("raw", Base64.getEncoder().encodeToString(raw(facts, model)));
    return bytes(json);
  }

  /// What the model says of its API in Swagger 2.0, with its own paths; else what the catalogue has
  /// of it.
  private static byte[] raw(CatalogueFacts facts, ShownModel model) {
    String said = model.card().document();
    try {
      if (said != null && ApiDocument.parse(said).dialect() == Dialect.SWAGGER_2) {
        return said.getBytes(UTF_8);
      }
    } catch (RefusedDocumentException _) {
      // what is known without it is shown
    }
    return bytes(Catalogue.one(facts, model.deployment(), Dialect.SWAGGER_2).document());
  }

  private CatalogueFacts facts() {
    return CatalogueFacts.of(store, cards.get());
  }

  private static ShownModel model(CatalogueFacts facts, String id) throws ProblemException {
    return Optional.ofNullable(facts.models().get(id))
        .orElseThrow(() -> Problem.notFound(id).thrown());
  }

  private static byte[] bytes(JsonNode json) {
    try {
      return ApiDocument.MAPPER.writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can be written", e);
    }
  }
}
