package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DeclaredJsonTest {
  private static final Instant NOW = Instant.parse("2026-11-27T10:00:00.123456789Z");

  @Test
  void readsABodyAsTheRealClientSendsIt() throws MalformedException {
    Declaration<DeploymentSpec> read =
        DeclaredJson.read(
            Kind.DEPLOYMENT,
            Bodies.tree(
                "{'kind':'ModelDeployment','id':'wine','createdAt':null,'updatedAt':'x',"
                    + "'deletionMark':null,'status':{'replicas':1,'service':'s'},"
                    + "'spec':{'image':'i','predictor':null,'minReplicas':null,'roleName':null,"
                    + "'annotations':{'a':'1','b':null},'resources':{'limits':{'cpu':1,"
                    + "'memory':0.5,'gpu':'2'},'requests':null},'attempts':null,"
                    + "'nodeSelector':null}}"));

    assertThat(read.id()).isEqualTo("wine");
    assertThat(read.isDefault()).isFalse();
    DeploymentSpec spec = read.spec();
    assertThat(spec.image()).isEqualTo("i");
    assertThat(spec.predictor()).isEmpty();
    assertThat(spec.minReplicas()).isNull();
    assertThat(spec.roleName()).isNull();
    assertThat(spec.annotations()).isEqualTo(Map.of("a", "1"));
    assertThat(spec.nodeSelector()).isEmpty();
    assertThat(spec.resources())
        .isEqualTo(new Resources(null, new Resources.Amounts("1", "0.5", "2")));
  }

  @Test
  void withoutASpecNothingIsSaid() throws MalformedException {
    Declaration<DeploymentSpec> read = DeclaredJson.read(Kind.DEPLOYMENT, Bodies.tree("{}"));

    assertThat(read.id()).isEmpty();
    assertThat(read.spec()).isEqualTo(Bodies.spec(Kind.DEPLOYMENT, "{}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | wrong type: pointer=, value=an array of 0, allowed=an object",
        "{'kind':'ModelRoute','spec':{'x':1}} | wrong kind: pointer=/kind, value=\"ModelRoute\","
            + " allowed=ModelDeployment",
        "{'kind':7} | wrong type: pointer=/kind, value=7, allowed=a text without control"
            + " characters",
        "{'spce':{}} | unknown field: pointer=/spce, nearest=spec",
        "{'spec':{'minreplica':1}} | unknown field: pointer=/spec/minreplica, nearest=minReplicas",
        "{'spec':{'resources':{'limit':{}}}} | unknown field: pointer=/spec/resources/limit,"
            + " nearest=limits",
        "{'spec':{'a/b~c':1}} | unknown field: pointer=/spec/a~1b~0c, nearest=grpc",
        "{'spec':7} | wrong type: pointer=/spec, value=7, allowed=an object",
        "{'id':7} | wrong type: pointer=/id, value=7, allowed=a text",
        "{'spec':{'image':{'x':1}}} | wrong type: pointer=/spec/image, value=an object of 1,"
            + " allowed=a text without control characters",
        "{'spec':{'image':'a\\nb'}} | wrong type: pointer=/spec/image, value=\"a\\u000ab\","
            + " allowed=a text without control characters",
        "{'spec':{'minReplicas':'two'}} | wrong type: pointer=/spec/minReplicas, value=\"two\","
            + " allowed=a whole number of 32 bits",
        "{'spec':{'minReplicas':1.5}} | wrong type: pointer=/spec/minReplicas, value=1.5,"
            + " allowed=a whole number of 32 bits",
        "{'spec':{'minReplicas':2147483648}} | wrong type: pointer=/spec/minReplicas,"
            + " value=2147483648, allowed=a whole number of 32 bits",
        "{'spec':{'idempotent':'yes'}} | wrong type: pointer=/spec/idempotent, value=\"yes\","
            + " allowed=true or false",
        "{'spec':{'idleTimeout':90}} | wrong type: pointer=/spec/idleTimeout, value=90,"
            + " allowed=a text of a number and ms, s, m or h",
        "{'spec':{'deadline':'1d'}} | wrong type: pointer=/spec/deadline, value=\"1d\","
            + " allowed=a text of a number and ms, s, m or h",
        "{'spec':{'annotations':{'a':1}}} | wrong type: pointer=/spec/annotations/a, value=1,"
            + " allowed=a text",
        "{'spec':{'nodeSelector':[]}} | wrong type: pointer=/spec/nodeSelector, value=an array of"
            + " 0, allowed=an object of texts",
        "{'spec':{'resources':{'limits':{'cpu':true}}}} | wrong type:"
            + " pointer=/spec/resources/limits/cpu, value=true, allowed=a quantity such as"
            + " \"250m\" or 1",
        "{'spec':{'image':1,'predictor':2,'x':3}} | wrong type: pointer=/spec/image, value=1,"
            + " allowed=a text without control characters; wrong type: pointer=/spec/predictor,"
            + " value=2, allowed=a text without control characters; unknown field:"
            + " pointer=/spec/x, nearest=grpc"
      })
  void tellsWhatCantBeRead(String body, String message) {
    assertThatThrownBy(() -> DeclaredJson.read(Kind.DEPLOYMENT, Bodies.tree(body)))
        .isInstanceOf(MalformedException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'spec':{'modelDeployments':{}}} | /spec/modelDeployments",
        "{'spec':{'modelDeployments':[1]}} | /spec/modelDeployments/0",
        "{'spec':{'modelDeployments':[{'mdName':'a'},{'wieght':1}]}} |"
            + " /spec/modelDeployments/1/wieght",
        "{'default':'yes'} | /default"
      })
  void tellsWhereARouteCantBeRead(String body, String pointer) {
    MalformedException failure =
        catchThrowableOfType(
            MalformedException.class, () -> DeclaredJson.read(Kind.ROUTE, Bodies.tree(body)));

    assertThat(failure.violations().stream().map(Violation::pointer)).containsExactly(pointer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'annotations':{'a':'x\\udfff'}}",
        "{'image':'\\udfff\\ud800'}",
        "{'nodeSelector':{'k':'\\ud800x'}}"
      })
  void halfACharacterIsNoText(String spec) {
    assertThatThrownBy(
            () -> DeclaredJson.read(Kind.DEPLOYMENT, Bodies.tree("{'spec':" + spec + "}")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("whole characters");
  }

  @Test
  void halfACharacterIsNoName() {
    ObjectNode body = JsonNodeFactory.instance.objectNode(); // no parser of bytes makes one
    body.putObject("spec").putObject("annotations").put("a\ud800", "a");

    assertThatThrownBy(() -> DeclaredJson.read(Kind.DEPLOYMENT, body))
        .isInstanceOf(MalformedException.class)
        .hasMessageStartingWith("wrong name: pointer=/spec/annotations/a\\ud800");
  }

  @Test
  void aNameIsBounded() throws MalformedException {
    String longest = "n".repeat(317);

    assertThat(annotated(longest).spec().annotations()).containsOnlyKeys(longest);
    assertThat(annotated("\ud83c\udf77").spec().annotations()).containsOnlyKeys("\ud83c\udf77");
    assertThatThrownBy(() -> annotated(longest + "n"))
        .isInstanceOf(MalformedException.class)
        .hasMessageStartingWith("wrong name: pointer=/spec/annotations/nnn")
        .hasMessageEndingWith(", allowed=1 to 317 printable, whole characters");
    assertThatThrownBy(() -> annotated("")).isInstanceOf(MalformedException.class);
  }

  private static Declaration<DeploymentSpec> annotated(String name) throws MalformedException {
    return DeclaredJson.read(
        Kind.DEPLOYMENT, Bodies.tree("{'spec':{'annotations':{'" + name + "':'a'}}}"));
  }

  @Test
  void aMessageIsCutBetweenCharactersAndWhole() {
    assertThat(message("m".repeat(1023) + "\ud83c\udf77")).isEqualTo("m".repeat(1023));
    assertThat(message("m".repeat(1022) + "\ud83c\udf77x")).hasSize(1024);
    assertThat(message("a\ud83cb\udf77")).isEqualTo("a\ufffdb\ufffd");
  }

  private static String message(String said) {
    return status("", "", said).message();
  }

  private static DeploymentStatus status(String deployment, String host, String message) {
    return new DeploymentStatus(
        DeploymentStatus.State.FAILED, deployment, host, 0, 0, null, "", "", null, message);
  }

  @Test
  void whatIsObservedIsBounded() {
    String name = "n".repeat(253);
    assertThat(status(name, name, "").deployment()).hasSize(253);
    for (String wrong : List.of(name + "n", "a\nb", "\ud800")) {
      assertThatThrownBy(() -> status(wrong, "", ""))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "deployment: length="
                  + wrong.length()
                  + ", allowed=0 to 253 whole characters without controls");
      assertThatThrownBy(() -> status("", wrong, ""))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("hostHeader: length=");
    }
    assertThatThrownBy(() -> new RouteStatus("u".repeat(2049), RouteStatus.State.READY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("edgeUrl: length=2049, allowed=0 to 2048 whole characters without controls");
  }

  @Test
  void noSecretIsShownWhereItCantBeRead() {
    assertThatThrownBy(
            () -> DeclaredJson.read(Kind.CONNECTION, Bodies.tree("{'spec':{'password':123456}}")))
        .hasMessage("wrong type: pointer=/spec/password, allowed=a text");
  }

  @Test
  void aLongComplaintIsBounded() {
    StringBuilder fields = new StringBuilder("{'spec':{'image':'i'");
    for (int i = 0; i < 100; i++) {
      fields.append(",'").append("f".repeat(1000)).append(i).append("':1");
    }
    String body = fields.append("}}").toString();

    MalformedException failure =
        catchThrowableOfType(
            MalformedException.class, () -> DeclaredJson.read(Kind.DEPLOYMENT, Bodies.tree(body)));

    assertThat(failure.violations()).hasSize(32);
    assertThat(failure.getMessage()).hasSizeLessThan(32 * 400);
  }

  /// An object that counts how many of its fields were looked at.
  @SuppressWarnings("unchecked") // the one of ObjectNode's own deepCopy, which comes with it
  private static final class Counted extends ObjectNode {
    private static final long serialVersionUID = 1;

    private int looked;

    Counted() {
      super(JsonNodeFactory.instance);
    }

    @Override
    public Set<Map.Entry<String, JsonNode>> properties() {
      Set<Map.Entry<String, JsonNode>> all = super.properties();
      return new AbstractSet<>() {
        @Override
        public Iterator<Map.Entry<String, JsonNode>> iterator() {
          Iterator<Map.Entry<String, JsonNode>> each = all.iterator();
          return new Iterator<>() {
            @Override
            public boolean hasNext() {
              return each.hasNext();
            }

            @Override
            public Map.Entry<String, JsonNode> next() {
              looked++;
              return each.next();
            }
          };
        }

        @Override
        public int size() {
          return all.size();
        }
      };
    }
  }

  @Test
  void nobodyLooksForNamesThatAreNotTold() {
    Counted body = new Counted();
    for (int i = 0; i < 1000; i++) {
      body.put("f" + i, 1);
    }

    MalformedException failure =
        catchThrowableOfType(
            MalformedException.class, () -> DeclaredJson.read(Kind.CONNECTION, body));

    assertThat(failure.violations()).hasSize(32);
    assertThat(body.looked).isBetween(32, 33);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e400", "1e99999", "1e-99", "123456789012345678901234567890123"})
  void aNumberThatIsNoAmountIsNotSpelledOut(String number) {
    String body = "{'spec':{'resources':{'limits':{'cpu':" + number + "}}}}";

    assertThatThrownBy(() -> DeclaredJson.read(Kind.DEPLOYMENT, Bodies.tree(body)))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void writesADeploymentAsTheContractHasIt() {
    Declared<DeploymentSpec, DeploymentStatus> wine =
        Declared.created(Kind.DEPLOYMENT, "wine", full(), NOW, 7);

    assertThat(DeclaredJson.write(wine))
        .isEqualTo(
            Bodies.tree(
                "{'id':'wine','createdAt':'2026-11-27T10:00:00.123456Z',"
                    + "'updatedAt':'2026-11-27T10:00:00.123456Z','spec':"
                    + FULL
                    + ",'status':{'availableReplicas':0,'replicas':0}}"));
    assertThat(DeclaredJson.write(wine.marked(8)).get("deletionMark").booleanValue()).isTrue();
  }

  @Test
  void writesAStatusAsTheContractHasIt() {
    DeploymentStatus status =
        new DeploymentStatus(
            DeploymentStatus.State.FAILED,
            "wine-d",
            "wine.local",
            1,
            2,
            NOW,
            "Wine",
            "1.0",
            DeploymentStatus.Reason.IMAGE_PULL_FAILED,
            "m".repeat(2000));
    Declared<DeploymentSpec, DeploymentStatus> wine =
        Declared.created(Kind.DEPLOYMENT, "wine", full(), NOW, 7).observed(status, 8);

    assertThat(DeclaredJson.write(wine).get("status"))
        .isEqualTo(
            Bodies.tree(
                "{'state':'Failed','deployment':'wine-d','hostHeader':'wine.local',"
                    + "'availableReplicas':1,'replicas':2,"
                    + "'lastUpdatedTime':'2026-11-27T10:00:00.123456Z','modelName':'Wine',"
                    + "'modelVersion':'1.0','reason':'ImagePullFailed','message':'"
                    + "m".repeat(1024)
                    + "'}"));
  }

  @Test
  void writesARouteAsTheContractHasIt() {
    assertThat(DeclaredJson.write(Declared.defaultRoute("wine-0a1b2", "wine", NOW, 7)))
        .isEqualTo(
            Bodies.tree(
                "{'id':'wine-0a1b2','default':true,'createdAt':'2026-11-27T10:00:00.123456Z',"
                    + "'updatedAt':'2026-11-27T10:00:00.123456Z','spec':{'urlPrefix':'/model/wine',"
                    + "'modelDeployments':[{'mdName':'wine','weight':100}]},"
                    + "'status':{'edgeUrl':'','state':''}}"));
  }

  @Test
  void writesAConnectionMaskedUnlessAskedOtherwise() {
    String spec =
        "{'type':'docker','uri':'u','username':'n','password':'YQ==','keyID':'Yg==',"
            + "'keySecret':'Yw==','publicKey':'ZA==','vital':true}";
    Declared<ConnectionSpec, ConnectionStatus> docker =
        Declared.created(Kind.CONNECTION, "docker", Bodies.spec(Kind.CONNECTION, spec), NOW, 7);

    assertThat(DeclaredJson.write(docker))
        .isEqualTo(
            Bodies.tree(
                "{'id':'docker','spec':{'type':'docker','uri':'u','username':'n',"
                    + "'password':'*****','keyID':'*****','keySecret':'*****',"
                    + "'publicKey':'ZA==','vital':true},'status':{}}"));
    assertThat(DeclaredJson.writeDecrypted(docker).get("spec")).isEqualTo(Bodies.tree(spec));
    assertThat(docker.toString()).doesNotContain("YQ==", "Yg==", "Yw==", "ZA==");
  }

  @Test
  void writesAnEventAsTheContractHasIt() {
    Declared<RouteSpec, RouteStatus> route = Declared.defaultRoute("wine-0a1b2", "wine", NOW, 7);
    DeclaredEvent event = new DeclaredEvent(3, DeclaredEvent.Type.UPDATED, route, NOW);

    assertThat(DeclaredJson.write(event))
        .isEqualTo(
            JsonNodeFactory.instance
                .objectNode()
                .put("entityID", "wine-0a1b2")
                .<ObjectNode>set("payload", DeclaredJson.write(route))
                .put("type", "ModelRouteUpdate")
                .put("datetime", NOW.toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "CREATED, ModelDeploymentCreated, ModelRouteCreated",
    "UPDATED, ModelDeploymentUpdated, ModelRouteUpdate",
    "STATUS_UPDATED, ModelDeploymentStatusUpdated, ModelRouteStatusUpdated",
    "DELETION_MARK_IS_SET, ModelDeploymentDeletionMarkIsSet, ModelRouteDeletionMarkIsSet",
    "DELETED, ModelDeploymentDeleted, ModelRouteDeleted"
  })
  void eventsHaveTheWordsOfTheContract(
      DeclaredEvent.Type type, String ofDeployment, String ofRoute) {
    Declared<?, ?> wine = Declared.created(Kind.DEPLOYMENT, "wine", full(), NOW, 1);
    Declared<?, ?> route = Declared.defaultRoute("wine-0a1b2", "wine", NOW, 2);

    assertThat(new DeclaredEvent(1, type, wine, NOW).word()).isEqualTo(ofDeployment);
    assertThat(new DeclaredEvent(1, type, route, NOW).word()).isEqualTo(ofRoute);
  }

  @Test
  void whatIsKeptIsReadBack() throws MalformedException {
    Declared<DeploymentSpec, DeploymentStatus> wine =
        Declared.created(Kind.DEPLOYMENT, "wine", full(), NOW, 7)
            .replaced(full(), NOW, 8)
            .marked(9);
    Declared<RouteSpec, RouteStatus> route = Declared.defaultRoute("wine-0a1b2", "wine", NOW, 10);

    assertThat(
            DeclaredJson.readKept(
                Kind.DEPLOYMENT,
                DeclaredJson.writeKept(wine, SecretText.MASKED),
                SecretText.DECRYPTED))
        .isEqualTo(wine);
    assertThat(
            DeclaredJson.readKept(
                Kind.ROUTE, DeclaredJson.writeKept(route, SecretText.MASKED), SecretText.DECRYPTED))
        .isEqualTo(route);
  }

  @Test
  void secretsAreKeptAsTheStoreSays() throws MalformedException {
    Declared<ConnectionSpec, ConnectionStatus> docker =
        Declared.created(
            Kind.CONNECTION,
            "docker",
            Bodies.spec(Kind.CONNECTION, "{'type':'docker','password':'YQ=='}"),
            NOW,
            7);

    ObjectNode kept =
        DeclaredJson.writeKept(docker, (field, secret) -> field + ":" + secret.text());

    assertThat(kept.get("spec").get("password").textValue()).isEqualTo("password:YQ==");
    assertThat(
            DeclaredJson.readKept(
                Kind.CONNECTION,
                kept,
                (field, sealed) -> sealed.text().substring(field.length() + 1)))
        .isEqualTo(docker);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'kind':'ModelRoute'}",
        "{'id':'../x'}",
        "{'version':0}",
        "{'createdAt':'yesterday'}",
        "{'updatedAt':null}",
        "{'later':1}",
        "{'spec':{'later':1}}",
        "{'status':{'state':'Later'}}",
        "{'status':{'replicas':-1}}",
        "{'status':{'modelName':' '}}"
      })
  void whatIsKeptOtherwiseIsNotRead(String change) {
    ObjectNode kept =
        DeclaredJson.writeKept(
            Declared.created(Kind.DEPLOYMENT, "wine", full(), NOW, 7), SecretText.MASKED);
    Bodies.tree(change).properties().forEach(each -> kept.set(each.getKey(), each.getValue()));

    assertThatThrownBy(() -> DeclaredJson.readKept(Kind.DEPLOYMENT, kept, SecretText.DECRYPTED))
        .isInstanceOf(MalformedException.class);
  }

  private static final String FULL =
      "{'image':'i','predictor':'triton','resources':{'requests':{'cpu':'1'},"
          + "'limits':{'memory':'1Gi','gpu':'1'}},'annotations':{'a':'1\\n2','b':''},"
          + "'minReplicas':0,'maxReplicas':2,'livenessProbeInitialDelay':3,"
          + "'readinessProbeInitialDelay':4,'roleName':'r','imagePullConnID':'c',"
          + "'nodeSelector':{'k':'v'},'idleTimeout':'90s','deadline':'2h','target':5,"
          + "'maxConcurrency':6,'idempotent':false,'grpc':true}";

  private static DeploymentSpec full() {
    DeploymentSpec spec = Bodies.spec(Kind.DEPLOYMENT, FULL);
    assertThat(spec.serving().deadline()).isEqualTo(Duration.ofHours(2));
    return spec;
  }
}
