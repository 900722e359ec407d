package dev.loopgate.fleet;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which of a model's exchanges are kept whatever its sample rate says: any of these is enough. The
/// words are those of `capture`, which reads them.
///
/// @param statuses like `404` or `5xx`
/// @param endings words of endings
/// @param slowerThan from the request's head to the ending, null for no bound
/// @param headers names of request headers, `*` for any run of characters
public record KeepRules(
    Set<String> statuses, Set<String> endings, @Nullable Duration slowerThan, Set<String> headers) {
  /// The rate alone decides.
  public static final KeepRules NONE = new KeepRules(Set.of(), Set.of(), null, Set.of());

  public KeepRules {
    statuses = Set.copyOf(statuses);
    endings = Set.copyOf(endings);
    headers = Set.copyOf(headers);
  }

  /// Whether the rate alone decides.
  public boolean isEmpty() {
    return statuses.isEmpty() && endings.isEmpty() && slowerThan == null && headers.isEmpty();
  }
}
