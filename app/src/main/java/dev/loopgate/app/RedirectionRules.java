package dev.loopgate.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Which connections the kernel redirects to the sidecar, as rules for `iptables-restore` and
/// `ip6tables-restore`: the same for both. They stand in two chains of our own in the table `nat`.
///
/// Never redirected: what the sidecar's user connects to, what goes to another machine, and the
/// sidecar's own port.
///
/// @param ports that are redirected; empty for all but those `excluded`
/// @param excluded ports that are not
/// @param sidecarPort where to
/// @param uid of the sidecar's process
/// @param callers whose connections
record RedirectionRules(
    Set<Integer> ports, Set<Integer> excluded, int sidecarPort, long uid, Callers callers) {
  /// Whose connections are redirected.
  enum Callers {
    /// Everybody's.
    ALL("all"),
    /// Those of other machines.
    OUTSIDE("outside"),
    /// Those of other processes in the same network namespace, such as a mesh's proxy.
    INSIDE("inside");

    private final String word;

    Callers(String word) {
      this.word = word;
    }
  }

  static final String PORTS = "ports";
  static final String EXCLUDE_PORTS = "exclude-ports";
  static final String SIDECAR_PORT = "sidecar-port";
  static final String UID = "uid";
  static final String CALLERS = "callers";

  /// Who logs in, and the sidecar's own door.
  static final String PORTS_EXCLUDED_BY_DEFAULT = "22,16020";

  /// Chains of connections that come in, and of those that are made here.
  static final String IN = "LOOPGATE_IN";

  static final String OUT = "LOOPGATE_OUT";

  private static final int PORTS_MAX = 64;
  private static final int PORT_MAX = 65_535;
  private static final long UID_MAX = 4_294_967_294L;
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

  RedirectionRules {
    ports = Set.copyOf(new TreeSet<>(ports));
    excluded = Set.copyOf(excluded);
  }

  /// What the options say.
  ///
  /// @param options by name, without dashes
  /// @throws UsageException when one is missing or not allowed; the line names it
  static RedirectionRules of(Map<String, String> options) throws UsageException {
    String asked = options.get(PORTS);
    String allowed = "all, or 1 to " + PORTS_MAX + " ports like 8080,9000";
    if (asked == null) {
      throw new UsageException("option --ports is needed; allowed: " + allowed);
    }
    String excluded = options.getOrDefault(EXCLUDE_PORTS, PORTS_EXCLUDED_BY_DEFAULT);
    RedirectionRules rules =
        new RedirectionRules(
            asked.equals("all") ? Set.of() : ports(PORTS, asked, allowed),
            excluded.isEmpty()
                ? Set.of()
                : ports(EXCLUDE_PORTS, excluded, "1 to " + PORTS_MAX + " ports, or nothing"),
            (int) number(options, SIDECAR_PORT, SidecarSettings.PORT_BY_DEFAULT, 1, PORT_MAX),
            number(options, UID, SidecarSettings.PORT_BY_DEFAULT, 0, UID_MAX),
            callers(options.getOrDefault(CALLERS, Callers.ALL.word)));
    if (rules.ports.contains(rules.sidecarPort)) {
      throw new UsageException(
          "option --ports: "
              + rules.sidecarPort
              + " is the sidecar's own (--sidecar-port); allowed: the ports of models");
    }
    for (int port : rules.ports) {
      if (options.containsKey(EXCLUDE_PORTS) && rules.excluded.contains(port)) {
        throw new UsageException(
            "option --exclude-ports: " + port + " stands in --ports, too; allowed: others");
      }
    }
    return rules;
  }

  /// The rules where there are none of ours yet.
  String text() {
    return textOver("");
  }

  /// The rules in place of those that are there, or what takes them away.
  ///
  /// @param there the rules of the table, as `iptables -S` prints them
  String textOver(String there) {
    List<String> lines = new ArrayList<>();
    lines.add("*nat");
    boolean in = callers != Callers.INSIDE;
    boolean out = callers != Callers.OUTSIDE;
    // A chain that is named so is made, or emptied; all of this holds at once, with COMMIT.
    if (in) {
      lines.add(":" + IN + " - [0:0]");
    }
    if (out) {
      lines.add(":" + OUT + " - [0:0]");
      lines.add("-A " + OUT + " -m owner --uid-owner " + uid + " -j RETURN");
    }
    if (in) {
      redirections(lines, IN, "");
      jump(lines, there, "PREROUTING", IN);
    }
    if (out) {
      redirections(lines, OUT, " -o lo");
      jump(lines, there, "OUTPUT", OUT);
    }
    leave(lines, there, in ? List.of() : List.of(IN));
    leave(lines, there, out ? List.of() : List.of(OUT));
    lines.add("COMMIT");
    return String.join("\n", lines) + "\n";
  }

  /// What takes away all that is ours; empty when nothing is there.
  static String removal(String there) {
    StringBuilder text = new StringBuilder();
    for (String jump : jumps(there, IN, OUT)) {
      text.append("-D").append(jump.substring(2)).append('\n');
    }
    for (String chain : List.of(IN, OUT)) {
      if (isThere(chain, there)) {
        text.append("-F ").append(chain).append("\n-X ").append(chain).append('\n');
      }
    }
    return text.isEmpty() ? "" : "*nat\n" + text + "COMMIT\n";
  }

  /// What makes of the rules that are there now, as far as they are ours, those from before.
  ///
  /// @param before the rules of the table then, as `iptables -S` prints them
  /// @param now the same of now
  static String backTo(String before, String now) {
    List<String> lines = new ArrayList<>();
    lines.add("*nat");
    List<String> chains = List.of(IN, OUT);
    List<String> gone = chains.stream().filter(chain -> !isThere(chain, before)).toList();
    for (String chain : chains) {
      if (!gone.contains(chain)) {
        lines.add(":" + chain + " - [0:0]");
        before.lines().filter(line -> line.startsWith("-A " + chain + " ")).forEach(lines::add);
      }
    }
    List<String> jumpsNow = jumps(now, IN, OUT);
    for (String jump : jumps(before, IN, OUT)) {
      if (!jumpsNow.contains(jump)) {
        lines.add(jump);
      }
    }
    leave(lines, now, gone);
    lines.add("COMMIT");
    return String.join("\n", lines) + "\n";
  }

  private void redirections(List<String> lines, String chain, String match) {
    String to = " -m addrtype --dst-type LOCAL -j REDIRECT --to-ports " + sidecarPort;
    if (ports.isEmpty()) {
      Set<Integer> spared = new TreeSet<>(excluded);
      spared.add(sidecarPort);
      for (int port : spared) {
        lines.add("-A " + chain + " -p tcp -m tcp --dport " + port + " -j RETURN");
      }
      lines.add("-A " + chain + match + " -p tcp" + to);
    }
    for (int port : new TreeSet<>(ports)) {
      lines.add("-A " + chain + match + " -p tcp -m tcp --dport " + port + to);
    }
  }

  // Where it stands once already it stays: others may have come before it or after.
  private static void jump(List<String> lines, String there, String from, String chain) {
    List<String> jumps = jumps(there, chain);
    if (jumps.isEmpty()) {
      lines.add("-A " + from + " -p tcp -j " + chain);
    }
    for (String more : jumps.subList(Math.min(1, jumps.size()), jumps.size())) {
      lines.add("-D" + more.substring(2));
    }
  }

  private static void leave(List<String> lines, String there, List<String> chains) {
    for (String chain : chains) {
      for (String jump : jumps(there, chain)) {
        lines.add("-D" + jump.substring(2));
      }
      if (isThere(chain, there)) {
        lines.add("-F " + chain);
        lines.add("-X " + chain);
      }
    }
  }

  private static boolean isThere(String chain, String there) {
    return there.lines().anyMatch(("-N " + chain)::equals);
  }

  private static List<String> jumps(String there, String... chains) {
    return there
        .lines()
        .filter(line -> line.startsWith("-A "))
        .filter(line -> List.of(chains).contains(line.substring(line.lastIndexOf(' ') + 1)))
        .toList();
  }

  private static Set<Integer> ports(String option, String text, String allowed)
      throws UsageException {
    Set<Integer> ports = new TreeSet<>();
    for (String each : text.split(",", -1)) {
      String port = each.strip();
      if (!NUMBER.matcher(port).matches()
          || Long.parseLong(port) < 1
          || Long.parseLong(port) > PORT_MAX
          || ports.size() == PORTS_MAX) {
        throw notAllowed(option, text, allowed);
      }
      ports.add(Integer.parseInt(port));
    }
    return ports;
  }

  private static long number(
      Map<String, String> options, String option, long byDefault, long min, long max)
      throws UsageException {
    String text = options.get(option);
    if (text == null) {
      return byDefault;
    }
    if (!NUMBER.matcher(text).matches()
        || Long.parseLong(text) < min
        || Long.parseLong(text) > max) {
      throw notAllowed(option, text, min + " to " + max);
    }
    return Long.parseLong(text);
  }

  private static Callers callers(String text) throws UsageException {
    for (Callers each : Callers.values()) {
      if (each.word.equals(text)) {
        return each;
      }
    }
    throw notAllowed("callers", text, "all, outside, inside");
  }

  private static UsageException notAllowed(String option, String text, String allowed) {
    return new UsageException(
        "option --"
            + option
            + ": value "
            + Shown.of(text)
            + " is not allowed; allowed: "
            + allowed);
  }
}
