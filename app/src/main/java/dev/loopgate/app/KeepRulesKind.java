package dev.loopgate.app;

import dev.loopgate.capture.AlwaysKept;
import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.KeepRules;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Which exchanges of a sampled model are kept in any case.
record KeepRulesKind() implements Kind<KeepRules> {
  private static final String STATUS = "status";
  private static final String ENDING = "ending";
  private static final String SLOWER_THAN = "slower-than";
  private static final String HEADER = "header";
  private static final Set<String> FIELDS =
      new LinkedHashSet<>(List.of(STATUS, ENDING, SLOWER_THAN, HEADER));
  private static final Kind.Time TIME = new Kind.Time(Duration.ofMillis(1), Duration.ofHours(240));

  @Override
  public KeepRules parse(Raw raw) {
    if (!(raw instanceof Raw.Fields(String _, Map<String, Raw> fields))
        || !FIELDS.containsAll(fields.keySet())) {
      throw new NotAllowedException(allowed());
    }
    Raw slower = fields.get(SLOWER_THAN);
    Raw header = fields.get(HEADER);
    try {
      KeepRules rules =
          new KeepRules(
              texts(fields.get(STATUS)),
              texts(fields.get(ENDING)),
              slower == null ? null : TIME.parse(slower),
              header == null ? Set.of() : new Kind.Names().parse(header));
      AlwaysKept.check(rules.statuses(), rules.endings()); // else the proxy would find out
      return rules;
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(allowed() + "; " + e.getMessage());
    }
  }

  @Override
  public String label() {
    return "RULES";
  }

  @Override
  public String allowed() {
    return "a mapping like {status: [5xx, 404], ending: [timed_out], slower-than: 500ms, header:"
        + " [x-debug]}, status 100 to 599 or 1xx to 5xx, ending "
        + Stream.of(Ending.values()).map(Ending::word).collect(Collectors.joining(", "));
  }

  private Set<String> texts(@Nullable Raw raw) {
    return raw == null ? Set.of() : Texts.of(raw, allowed());
  }
}
