package dev.loopgate.fleet;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the contract demands of a deployment (section 4), and what holds where it says nothing.
public final class DeploymentRules {
  /// What this depends on.
  ///
  /// @param nodeSelectors those of the known node pools
  /// @param resources for whoever names none
  /// @param predictor for whoever names none; empty to demand one
  /// @param pullConnection for whoever names none; empty for none
  public record Settings(
      List<Map<String, String>> nodeSelectors,
      Resources resources,
      String predictor,
      String pullConnection) {
    /// No node pools, no predictor, no connection, and the resources of the contract.
    public static final Settings DEFAULT = new Settings(List.of(), Resources.DEFAULT, "", "");

    public Settings {
      nodeSelectors = nodeSelectors.stream().map(Sorted::copyOf).toList();
    }
  }

  private static final int ID_LENGTH_MAX = 63;
  private static final int LABEL_LENGTH_MAX = 256; // as Model#isLabel has it
  private static final String LABEL = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
  private static final Pattern LABEL_PATTERN = Pattern.compile(LABEL);
  private static final Duration SPAN_MIN = Duration.ofSeconds(1);
  private static final Duration SPAN_MAX = Duration.ofHours(24);

  private final Settings settings;

  /// The rules with these settings.
  public DeploymentRules(Settings settings) {
    this.settings = settings;
  }

  /// What is wrong with `spec`, and the spec with defaults filled in.
  public Verdict<DeploymentSpec> check(String id, DeploymentSpec spec) {
    DeploymentSpec full = filled(id, spec);
    List<Violation> wrong = new ArrayList<>();
    checkPlace(full, wrong);
    checkNumbers(full, wrong);
    checkId(id, wrong);
    checkWords(full, wrong);
    Resources resources = full.resources();
    if (resources != null) {
      checkResources(resources, wrong);
    }
    checkServing(full.serving(), wrong);
    String joined = wrong.stream().map(Violation::message).collect(Collectors.joining("; "));
    return new Verdict<>(
        full, wrong, wrong.isEmpty() ? "" : "Validation of model deployment is failed: " + joined);
  }

  private DeploymentSpec filled(String id, DeploymentSpec spec) {
    int min = orElse(spec.minReplicas(), 0);
    String role = spec.roleName();
    String connection = spec.imagePullConnID();
    if (connection == null || connection.isEmpty()) {
      connection = settings.pullConnection().isEmpty() ? null : settings.pullConnection();
    }
    Resources resources = spec.resources();
    return new DeploymentSpec(
        spec.image(),
        spec.predictor().isEmpty() ? settings.predictor() : spec.predictor(),
        resources == null ? settings.resources() : resources,
        spec.annotations(),
        min,
        orElse(spec.maxReplicas(), Math.max(1, min)),
        orElse(spec.livenessProbeInitialDelay(), Workload.DELAY_SECONDS),
        orElse(spec.readinessProbeInitialDelay(), Workload.DELAY_SECONDS),
        role == null || role.isEmpty() ? defaultRole(id) : role,
        connection,
        spec.nodeSelector(),
        spec.serving());
  }

  private void checkPlace(DeploymentSpec spec, List<Violation> wrong) {
    Map<String, String> selector = spec.nodeSelector();
    if (!selector.isEmpty() && !settings.nodeSelectors().contains(selector)) {
      String shown =
          selector.entrySet().stream()
              .map(each -> each.getKey() + ":" + each.getValue())
              .collect(Collectors.joining(" ", "map[", "]"));
      add(
          wrong,
          "nodeSelector",
          "node selector " + Shown.of(shown) + " is not presented in ODAHU config");
    }
  }

  private static void checkNumbers(DeploymentSpec spec, List<Violation> wrong) {
    if (orElse(spec.livenessProbeInitialDelay(), 0) < 0) {
      add(
          wrong,
          "livenessProbeInitialDelay",
          "livenessProbeInitialDelay must be non-negative integer");
    }
    if (orElse(spec.readinessProbeInitialDelay(), 0) < 0) {
      add(
          wrong,
          "readinessProbeInitialDelay",
          "readinessProbeInitialDelay must be non-negative integer");
    }
    int min = orElse(spec.minReplicas(), 0);
    int max = orElse(spec.maxReplicas(), 1);
    if (max < min) {
      add(
          wrong,
          "maxReplicas",
          "maximum number of replicas parameter must not be less than minimum number of replicas"
              + " parameter");
    }
    if (max < 1) {
      add(wrong, "maxReplicas", "maximum number of replicas parameter must not be less than 1");
    }
    if (min < 0) {
      add(wrong, "minReplicas", "minimum number of replicas parameter must not be less than 0");
    }
  }

  private static void checkId(String id, List<Violation> wrong) {
    if (id.length() > ID_LENGTH_MAX) {
      wrong.add(
          new Violation(
              "/id", "model deployment ID should not exceed " + ID_LENGTH_MAX + " symbols"));
    } else {
      Ids.check(id, wrong);
    }
  }

  private static void checkWords(DeploymentSpec spec, List<Violation> wrong) {
    if (spec.image().isEmpty()) {
      add(wrong, "image", "empty image parameter");
    }
    String predictor = spec.predictor();
    if (predictor.isEmpty()) {
      add(wrong, "predictor", "empty predictor parameter");
    } else if (!Predictor.words().contains(predictor)) {
      add(wrong, "predictor", "unknown predictor " + Shown.of(predictor));
    }
    String role = spec.roleName();
    if (role != null && !isLabel(role)) {
      add(
          wrong,
          "roleName",
          Shown.of(role) + " must be valid Kubernetes label, i.e. match this pattern: " + LABEL);
    }
  }

  private static void checkResources(Resources resources, List<Violation> wrong) {
    Resources.Amounts requests = orNone(resources.requests());
    Resources.Amounts limits = orNone(resources.limits());
    Quantity cpuRequest = amount(requests.cpu(), "requests", "cpu", wrong);
    Quantity memoryRequest = amount(requests.memory(), "requests", "memory", wrong);
    Quantity cpuLimit = amount(limits.cpu(), "limits", "cpu", wrong);
    Quantity memoryLimit = amount(limits.memory(), "limits", "memory", wrong);
    // Of the graphics cards the limit wins, and a request alone becomes it: one is looked at.
    boolean limited = limits.gpu() != null;
    String gpuText = limited ? limits.gpu() : requests.gpu();
    String gpuBlock = limited ? "limits" : "requests";
    Quantity gpu = amount(gpuText, gpuBlock, "gpu", wrong);
    checkSign(cpuLimit, limits.cpu(), "limits", "cpu", wrong);
    checkSign(memoryLimit, limits.memory(), "limits", "memory", wrong);
    checkSign(gpu, gpuText, gpuBlock, "gpu", wrong);
    checkSign(cpuRequest, requests.cpu(), "requests", "cpu", wrong);
    checkLimit(cpuRequest, cpuLimit, requests.cpu(), "cpu", wrong);
    checkSign(memoryRequest, requests.memory(), "requests", "memory", wrong);
    checkLimit(memoryRequest, memoryLimit, requests.memory(), "memory", wrong);
  }

  private static @Nullable Quantity amount(
      @Nullable String text, String block, String resource, List<Violation> wrong) {
    if (text == null) {
      return null;
    }
    try {
      return Quantity.parse(text);
    } catch (IllegalArgumentException e) {
      String one = block.equals("requests") ? "request" : "limit";
      wrong.add(
          new Violation(
              pointer(block, resource),
              "validation of " + resource + " " + one + " is failed: " + e.getMessage()));
      return null;
    }
  }

  private static void checkSign(
      @Nullable Quantity amount,
      @Nullable String text,
      String block,
      String resource,
      List<Violation> wrong) {
    if (amount != null && amount.isNegative()) {
      wrong.add(
          new Violation(
              pointer(block, resource),
              "resources."
                  + block
                  + "["
                  + resource
                  + "]: Invalid value: \""
                  + text
                  + "\": must be greater than or equal to 0"));
    }
  }

  private static void checkLimit(
      @Nullable Quantity request,
      @Nullable Quantity limit,
      @Nullable String text,
      String resource,
      List<Violation> wrong) {
    if (request != null && limit != null && request.isAbove(limit)) {
      wrong.add(
          new Violation(
              pointer("requests", resource),
              "resources.requests: Invalid value: \""
                  + text
                  + "\": must be less than or equal to "
                  + resource
                  + " limit"));
    }
  }

  private static void checkServing(DeploymentSpec.Serving serving, List<Violation> wrong) {
    checkSpan(serving.idleTimeout(), "idleTimeout", wrong);
    checkSpan(serving.deadline(), "deadline", wrong);
    if (orElse(serving.target(), 1) < 1) {
      add(wrong, "target", "target must not be less than 1");
    }
    if (orElse(serving.maxConcurrency(), 1) < 1) {
      add(wrong, "maxConcurrency", "maxConcurrency must not be less than 1");
    }
  }

  private static void checkSpan(@Nullable Duration span, String name, List<Violation> wrong) {
    if (span != null && (span.compareTo(SPAN_MIN) < 0 || span.compareTo(SPAN_MAX) > 0)) {
      add(wrong, name, name + " must be 1s to 24h");
    }
  }

  private static void add(List<Violation> wrong, String field, String message) {
    wrong.add(new Violation("/spec/" + field, message));
  }

  private static String pointer(String block, String resource) {
    return "/spec/resources/" + block + "/" + resource;
  }

  /// What the contract calls it, where the id is one that a label can carry.
  private static String defaultRole(String id) {
    return Model.ID.matcher(id).matches() ? "role-" + id : "role";
  }

  private static boolean isLabel(String value) {
    return value.length() <= LABEL_LENGTH_MAX && LABEL_PATTERN.matcher(value).matches();
  }

  private static Resources.Amounts orNone(Resources.@Nullable Amounts amounts) {
    return amounts == null ? new Resources.Amounts(null, null, null) : amounts;
  }

  private static int orElse(@Nullable Integer value, int other) {
    return value == null ? other : value;
  }
}
