package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Section 4 of the contract, message by message.
final class DeploymentRulesTest {
  private static final String FAILED = "Validation of model deployment is failed: ";
  private static final String FORMAT =
      "quantities must match the regular expression"
          + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  private static final String OF_LABELS =
      " must be valid Kubernetes label, i.e. match this pattern:"
          + " ^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";

  private static final DeploymentRules RULES =
      new DeploymentRules(
          new DeploymentRules.Settings(
              List.of(Map.of("mode", "cpu", "zone", "a")), Resources.DEFAULT, "", "pulling"));

  @Test
  void whatIsNotSaidHasTheDefaultsOfTheContract() {
    Verdict<DeploymentSpec> verdict = check("wine", "{'image':'i','predictor':'triton'}");

    assertThat(verdict.isAccepted()).isTrue();
    assertThat(verdict.message()).isEmpty();
    DeploymentSpec spec = verdict.spec();
    assertThat(spec.minReplicas()).isZero();
    assertThat(spec.maxReplicas()).isEqualTo(1);
    assertThat(spec.livenessProbeInitialDelay()).isEqualTo(2);
    assertThat(spec.readinessProbeInitialDelay()).isEqualTo(2);
    assertThat(spec.roleName()).isEqualTo("role-wine");
    assertThat(spec.imagePullConnID()).isEqualTo("pulling");
    assertThat(spec.resources())
        .isEqualTo(
            new Resources(
                new Resources.Amounts("125m", "128Mi", null),
                new Resources.Amounts("250m", "256Mi", null)));
    assertThat(spec.serving()).isEqualTo(DeploymentSpec.Serving.NONE);
  }

  @Test
  void whatIsSaidStays() {
    String said =
        "{'image':'i','predictor':'triton','minReplicas':0,'maxReplicas':7,"
            + "'livenessProbeInitialDelay':0,'readinessProbeInitialDelay':9,'roleName':'r',"
            + "'imagePullConnID':'c','resources':{'limits':{'cpu':'1'}},"
            + "'nodeSelector':{'zone':'a','mode':'cpu'},'idleTimeout':'90s','deadline':'1h',"
            + "'target':3,'maxConcurrency':4,'idempotent':true,'grpc':true}";

    Verdict<DeploymentSpec> verdict = check("wine", said);

    assertThat(verdict.violations()).isEmpty();
    assertThat(verdict.spec()).isEqualTo(Bodies.spec(Kind.DEPLOYMENT, said));
    assertThat(verdict.spec().serving().idleTimeout()).isEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void moreReplicasAtLeastThanOneAreAsManyAtMost() {
    assertThat(check("a", "{'image':'i','predictor':'none','minReplicas':3}").spec().maxReplicas())
        .isEqualTo(3);
  }

  @Test
  void aBlockOfResourcesIsTakenAsAWhole() {
    DeploymentSpec spec = check("a", "{'image':'i','predictor':'none','resources':{}}").spec();

    assertThat(spec.resources()).isEqualTo(new Resources(null, null));
  }

  @Test
  void anEmptyRoleAndAnEmptyConnectionAreAsNone() {
    DeploymentSpec spec =
        check("a", "{'image':'i','predictor':'none','roleName':'','imagePullConnID':''}").spec();

    assertThat(spec.roleName()).isEqualTo("role-a");
    assertThat(spec.imagePullConnID()).isEqualTo("pulling");
  }

  @Test
  void aPredictorIsFilledInWhereOneIsConfigured() {
    DeploymentRules lenient =
        new DeploymentRules(
            new DeploymentRules.Settings(List.of(), Resources.DEFAULT, "odahu-ml-server", ""));

    Verdict<DeploymentSpec> verdict =
        lenient.check("a", Bodies.spec(Kind.DEPLOYMENT, "{'image':'i'}"));

    assertThat(verdict.isAccepted()).isTrue();
    assertThat(verdict.spec().predictor()).isEqualTo("odahu-ml-server");
    assertThat(verdict.spec().imagePullConnID()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/spec/image | 'image':'' | empty image parameter",
        "/spec/predictor | 'predictor':'' | empty predictor parameter",
        "/spec/predictor | 'predictor':'seldon' | unknown predictor seldon",
        "/spec/minReplicas | 'minReplicas':-1 | minimum number of replicas parameter must"
            + " not be less than 0",
        "/spec/livenessProbeInitialDelay | 'livenessProbeInitialDelay':-1 |"
            + " livenessProbeInitialDelay must be non-negative integer",
        "/spec/readinessProbeInitialDelay | 'readinessProbeInitialDelay':-1 |"
            + " readinessProbeInitialDelay must be non-negative integer",
        "/spec/maxReplicas | 'minReplicas':2,'maxReplicas':1 | maximum number of replicas"
            + " parameter must not be less than minimum number of replicas parameter",
        "/spec/nodeSelector | 'nodeSelector':{'z':'1','b':'2'} | node selector map[b:2 z:1]"
            + " is not presented in ODAHU config",
        "/spec/nodeSelector | 'nodeSelector':{'mode':'cpu'} | node selector map[mode:cpu]"
            + " is not presented in ODAHU config",
        "/spec/idleTimeout | 'idleTimeout':'999ms' | idleTimeout must be 1s to 24h",
        "/spec/deadline | 'deadline':'25h' | deadline must be 1s to 24h",
        "/spec/target | 'target':0 | target must not be less than 1",
        "/spec/maxConcurrency | 'maxConcurrency':0 | maxConcurrency must not be less than 1",
      })
  void tellsWhatIsWrong(String pointer, String broken, String message) {
    Verdict<DeploymentSpec> verdict = check("wine", sound(broken));

    assertThat(verdict.violations()).containsExactly(new Violation(pointer, message));
    assertThat(verdict.message()).isEqualTo(FAILED + message);
    assertThat(verdict.isAccepted()).isFalse();
  }

  @Test
  void noReplicasAtMostAreToldBesideNone() {
    assertThat(messages("wine", sound("'maxReplicas':0")))
        .containsExactly("maximum number of replicas parameter must not be less than 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "-a", "a-", "1a", "a.b", "a/b", "..", "a\n"})
  void anIdThatIsNoneIsTold(String id) {
    assertThat(messages(id, sound("'target':1"))).containsExactly("ID is not valid");
  }

  @Test
  void anEmptyIdIsToldTwice() {
    assertThat(messages("", sound("'target':1")))
        .containsExactly("ID is not valid", "empty \"ID\"");
  }

  @Test
  void anIdHas63Symbols() {
    assertThat(messages("a".repeat(63), sound("'target':1"))).isEmpty();
    assertThat(messages("A".repeat(64), sound("'target':1")))
        .containsExactly("model deployment ID should not exceed 63 symbols");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-x", "x-", "a b", "ä"})
  void aRoleIsALabel(String role) {
    assertThat(messages("wine", sound("'roleName':'" + role + "'")))
        .containsExactly(role + OF_LABELS);
  }

  @Test
  void aLongRoleIsShownInPart() {
    String role = "r".repeat(257);

    assertThat(messages("wine", sound("'roleName':'" + role + "'")))
        .containsExactly("r".repeat(256) + "..." + OF_LABELS);
  }

  @Test
  void everyQuantityIsToldOnceInTheOrderOfTheContract() {
    String bad = "{'cpu':'wrong','memory':'wrong','gpu':'wrong'}";

    assertThat(messages("w", sound("'resources':{'requests':" + bad + ",'limits':" + bad + "}")))
        .containsExactly(
            "validation of cpu request is failed: " + FORMAT,
            "validation of memory request is failed: " + FORMAT,
            "validation of cpu limit is failed: " + FORMAT,
            "validation of memory limit is failed: " + FORMAT,
            "validation of gpu limit is failed: " + FORMAT);
  }

  @Test
  void aRequestedGraphicsCardAloneIsTheLimit() {
    assertThat(messages("w", sound("'resources':{'requests':{'gpu':'x'}}")))
        .containsExactly("validation of gpu request is failed: " + FORMAT);
    assertThat(messages("w", sound("'resources':{'requests':{'gpu':2},'limits':{'gpu':1}}")))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'2' | '1' | cpu",
        "2 | 1 | cpu",
        "'1001m' | '1' | cpu",
        "'1' | '999m' | cpu",
        "'1Gi' | '1G' | memory",
        "'1025' | '1Ki' | memory",
        "'1e3' | '999' | memory",
        "'1M' | '976Ki' | memory"
      })
  void aRequestIsNotAboveItsLimit(String request, String limit, String resource) {
    String block =
        "'resources':{'requests':{'%1$s':%2$s},'limits':{'%1$s':%3$s}}"
            .formatted(resource, request, limit);

    assertThat(messages("w", sound(block)))
        .containsExactly(
            "resources.requests: Invalid value: \""
                + request.replace("'", "")
                + "\": must be less than or equal to "
                + resource
                + " limit");
    String swapped =
        "'resources':{'requests':{'%1$s':%2$s},'limits':{'%1$s':%3$s}}"
            .formatted(resource, limit, request);
    assertThat(messages("w", sound(swapped))).isEmpty();
  }

  @Test
  void equalAmountsMayBeWrittenInTwoWays() {
    String block =
        "'resources':{'requests':{'cpu':'1.0','memory':'1Ki'},"
            + "'limits':{'cpu':'1000m','memory':1024}}";

    assertThat(messages("w", sound(block))).isEmpty();
  }

  @Test
  void noAmountIsNegative() {
    assertThat(messages("w", sound("'resources':{'limits':{'cpu':'-1'}}")))
        .containsExactly(
            "resources.limits[cpu]: Invalid value: \"-1\": must be greater than or equal to 0");
  }

  /// D-N1.
  @Test
  void theFirstBadOneOfTheContract() {
    Verdict<DeploymentSpec> verdict = check("", "{'image':'','minReplicas':5,'maxReplicas':3}");

    assertThat(verdict.message())
        .isEqualTo(
            FAILED
                + "maximum number of replicas parameter must not be less than minimum number of"
                + " replicas parameter; ID is not valid; empty \"ID\"; empty image parameter;"
                + " empty predictor parameter");
  }

  /// D-N2.
  @Test
  void theSecondBadOneOfTheContract() {
    Verdict<DeploymentSpec> verdict =
        check(
            "wine",
            sound(
                "'minReplicas':-1,'maxReplicas':-2,'livenessProbeInitialDelay':-1,"
                    + "'readinessProbeInitialDelay':-1"));

    assertThat(verdict.message())
        .isEqualTo(
            FAILED
                + "livenessProbeInitialDelay must be non-negative integer;"
                + " readinessProbeInitialDelay must be non-negative integer;"
                + " maximum number of replicas parameter must not be less than minimum number of"
                + " replicas parameter;"
                + " maximum number of replicas parameter must not be less than 1;"
                + " minimum number of replicas parameter must not be less than 0");
  }

  @Test
  void allThatIsWrongIsToldInTheOrderOfTheContract() {
    String all =
        "{'image':'','predictor':'x','minReplicas':-1,'maxReplicas':-2,"
            + "'livenessProbeInitialDelay':-1,'readinessProbeInitialDelay':-1,'roleName':'-',"
            + "'nodeSelector':{'k':'v'},'resources':{'requests':{'cpu':'2','memory':'x'},"
            + "'limits':{'cpu':'1'}},'idleTimeout':'0s','deadline':'0s','target':0,"
            + "'maxConcurrency':0}";

    assertThat(check("X", all).violations().stream().map(Violation::pointer))
        .containsExactly(
            "/spec/nodeSelector",
            "/spec/livenessProbeInitialDelay",
            "/spec/readinessProbeInitialDelay",
            "/spec/maxReplicas",
            "/spec/maxReplicas",
            "/spec/minReplicas",
            "/id",
            "/spec/image",
            "/spec/predictor",
            "/spec/roleName",
            "/spec/resources/requests/memory",
            "/spec/resources/requests/cpu",
            "/spec/idleTimeout",
            "/spec/deadline",
            "/spec/target",
            "/spec/maxConcurrency");
  }

  private static String sound(String more) {
    // The last of equal fields holds, so that a broken one replaces its sound one.
    return "{'image':'i','predictor':'none'," + more + "}";
  }

  private static Verdict<DeploymentSpec> check(String id, String spec) {
    return RULES.check(id, Bodies.spec(Kind.DEPLOYMENT, spec));
  }

  private static List<String> messages(String id, String spec) {
    return check(id, spec).violations().stream().map(Violation::message).toList();
  }
}
