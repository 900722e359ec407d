package dev.loopgate.app;

import dev.loopgate.logshipper.Destination;
import dev.loopgate.logshipper.FilesRoot;
import dev.loopgate.logshipper.FluentdAddress;
import dev.loopgate.logshipper.ShipperConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The list of sinks beside the files: in a file as YAML, in an option or variable as the same YAML
/// in one line.
record SinksKind() implements Kind<List<ConfiguredSink>> {
  private static final int SINKS_MAX = 4; // each has a thread and memory of its own
  private static final Pattern NAME = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?");
  private static final Kind.Bytes LAG = new Kind.Bytes(1L << 20, 1L << 50, false);
  private static final Set<String> FIELDS =
      new LinkedHashSet<>(List.of("name", "url", "required", "max-lag", "tls-ca"));

  @Override
  public List<ConfiguredSink> parse(Raw raw) {
    List<ConfiguredSink> sinks = new ArrayList<>();
    Set<String> names = new HashSet<>(Set.of(ShipperConfig.Sink.FILES.name()));
    Set<Destination> places = new HashSet<>();
    for (Raw item : Listing.items(raw, SINKS_MAX, allowed())) {
      String at = "sinks[" + sinks.size() + "]";
      ConfiguredSink sink = sink(item, at);
      if (!names.add(sink.name())) {
        throw new NotAllowedException(
            at + ".name is " + Shown.of(sink.name()) + " once more; allowed: a name of its own");
      }
      if (!places.add(sink.to())) {
        throw new NotAllowedException(
            at + ".url is " + Shown.of(sink.to().toString()) + " once more; allowed: a place once");
      }
      sinks.add(sink);
    }
    return List.copyOf(sinks);
  }

  @Override
  public String label() {
    return "SINKS";
  }

  @Override
  public String allowed() {
    return "a list of at most "
        + SINKS_MAX
        + " like [{name: search, url: \"fluentd://host:24224\", required: false, max-lag: 1GiB}]";
  }

  private ConfiguredSink sink(Raw raw, String at) {
    Map<String, Raw> fields = Listing.fields(raw, at, FIELDS, allowed());
    String name = Listing.text(fields, at, "name");
    if (name == null || !NAME.matcher(name).matches() || isFiles(name)) {
      throw new NotAllowedException(
          at
              + ".name is needed: at most 32 lower-case letters, digits and hyphens, not \"files\""
              + (name == null ? "" : "; not " + Shown.of(name)));
    }
    Destination to = destination(Listing.text(fields, at, "url"), at);
    String required = Listing.text(fields, at, "required");
    if (required != null && !required.equals("true") && !required.equals("false")) {
      throw new NotAllowedException(at + ".required is true or false, not " + Shown.of(required));
    }
    boolean isRequired = !"false".equals(required);
    String lag = Listing.text(fields, at, "max-lag");
    if (lag != null && isRequired) {
      throw new NotAllowedException(
          at + ".max-lag stands beside required: false alone: a required sink is never skipped");
    }
    String trust = Listing.text(fields, at, "tls-ca");
    if (trust != null && !(to instanceof FluentdAddress address && address.secure())) {
      throw new NotAllowedException(at + ".tls-ca stands beside a fluentd+tls:// url alone");
    }
    return new ConfiguredSink(
        name, to, isRequired, lagOf(lag, at), trust == null ? null : Path.of(trust));
  }

  private static boolean isFiles(String name) {
    return name.equals(ShipperConfig.Sink.FILES.name());
  }

  private static Destination destination(@Nullable String url, String at) {
    try {
      Destination to = Destination.parse(url == null ? "" : url);
      return to instanceof FilesRoot.Local(Path directory)
          ? new FilesRoot.Local(directory.toAbsolutePath().normalize())
          : to;
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(at + ".url is " + e.getMessage());
    }
  }

  private static long lagOf(@Nullable String lag, String at) {
    if (lag == null) {
      return 0;
    }
    try {
      return LAG.parse(new Raw.Text(at, lag));
    } catch (NotAllowedException _) {
      throw new NotAllowedException(at + ".max-lag is " + LAG.allowed() + ", not " + Shown.of(lag));
    }
  }
}
