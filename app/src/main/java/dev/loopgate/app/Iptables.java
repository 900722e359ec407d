package dev.loopgate.app;

import dev.loopgate.cli.Cli;
import dev.loopgate.cli.Verbs;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// `loopgate iptables`: prints the rules of [RedirectionRules], has the kernel take them, or takes
/// them away again, by the programs of the package iptables.
final class Iptables {
  private static final String APPLY = "apply";
  private static final String PRINT = "print";
  private static final String REMOVE = "remove";
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path IPV6_ADDRESSES = Path.of("/proc/net/if_inet6");
  private static final int NET_ADMIN = 12; // the bit of the capability
  private static final String LOCK_SECONDS = "5"; // others may be changing rules
  private static final long WITHIN_SECONDS = 20;
  private static final int SHOWN_LENGTH_MAX = 300;

  /// One family of addresses and its programs.
  private record Family(String word, String program) {
    static final Family IPV4 = new Family("IPv4", "iptables");
    static final Family IPV6 = new Family("IPv6", "ip6tables");
  }

  /// What a family's table holds.
  private record There(Family family, String rules) {}

  private record Run(int exit, String said) {}

  private final String path;
  private final PrintWriter out;

  /// @param environment whose `PATH` is searched, and the usual places of system programs
  Iptables(Map<String, String> environment, PrintWriter out) {
    this.path = environment.getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
    this.out = out;
  }

  /// Does what the flags say.
  ///
  /// @return the exit code
  int run(Map<String, String> options, Set<String> flags)
      throws UsageException, StartException, InterruptedException {
    if (flags.size() != 1) {
      throw new UsageException(
          "iptables: "
              + (flags.isEmpty() ? "nothing to do" : "more than one thing to do")
              + "; allowed: one of --apply, --print, --remove");
    }
    if (flags.contains(REMOVE)) {
      if (!options.isEmpty()) {
        throw new UsageException(
            "option --"
                + options.keySet().iterator().next()
                + " is of no use here; allowed: --remove alone, which takes away all of Loopgate's rules");
      }
      requireRight();
      remove();
      return Cli.OK;
    }
    RedirectionRules rules = RedirectionRules.of(options);
    if (flags.contains(PRINT)) {
      for (Family family : List.of(Family.IPV4, Family.IPV6)) {
        out.print("# " + family.program() + "-restore --noflush\n" + rules.text());
      }
      out.flush();
      return Cli.OK;
    }
    requireRight();
    apply(rules);
    return Cli.OK;
  }

  /// The flags, for the help.
  static List<Verbs.Flag> flags() {
    return List.of(
        new Verbs.Flag(
            APPLY, "Redirect from now on; may be repeated. Needs root or CAP_NET_ADMIN."),
        new Verbs.Flag(PRINT, "Print the rules that --apply would make, for iptables-restore."),
        new Verbs.Flag(REMOVE, "Take all of Loopgate's rules away. Needs the same."));
  }

  /// The options, for the help.
  static List<Verbs.SettingOption> options() {
    return List.of(
        new Verbs.SettingOption(
            RedirectionRules.PORTS, "PORTS", "The ports of models, like 8080,9000; or all."),
        new Verbs.SettingOption(
            RedirectionRules.EXCLUDE_PORTS,
            "PORTS",
            "Ports that all does not mean, in place of the default "
                + RedirectionRules.PORTS_EXCLUDED_BY_DEFAULT
                + "."),
        new Verbs.SettingOption(
            RedirectionRules.SIDECAR_PORT,
            "PORT",
            "The sidecar's sidecar.port; default " + SidecarSettings.PORT_BY_DEFAULT + "."),
        new Verbs.SettingOption(
            RedirectionRules.UID,
            "UID",
            "The user of the sidecar's process, whose connections are never redirected; default "
                + SidecarSettings.PORT_BY_DEFAULT
                + "."),
        new Verbs.SettingOption(
            RedirectionRules.CALLERS,
            "WHOSE",
            "all; outside: of other machines; inside: of other processes of this pod, like a mesh's proxy."));
  }

  private void remove() throws StartException, InterruptedException {
    for (There there : there()) {
      String text = RedirectionRules.removal(there.rules());
      if (!text.isEmpty()) {
        restore(there.family(), text);
      }
      out.println(there.family().word() + ": " + (text.isEmpty() ? "there were none" : "removed"));
    }
  }

  // For all families or for none: one alone would let the other's callers pass by unnoticed.
  private void apply(RedirectionRules rules) throws StartException, InterruptedException {
    List<There> changed = new ArrayList<>();
    for (There there : there()) {
      try {
        restore(there.family(), rules.textOver(there.rules()));
      } catch (StartException e) {
        for (There before : changed) {
          putBack(before, e);
        }
        throw e;
      }
      changed.add(there);
    }
    changed.forEach(there -> out.println(there.family().word() + ": applied"));
  }

  private void putBack(There before, StartException why) throws InterruptedException {
    try {
      restore(before.family(), RedirectionRules.backTo(before.rules(), rules(before.family())));
      out.println(before.family().word() + ": as before");
    } catch (StartException e) {
      why.addSuppressed(e);
      out.println(before.family().word() + ": applied, and could not be put back");
    }
  }

  // Of all families, before any of them is changed.
  private List<There> there() throws StartException, InterruptedException {
    List<There> there = new ArrayList<>();
    for (Family family : families()) {
      there.add(new There(family, rules(family)));
    }
    return there;
  }

  private static List<Family> families() throws StartException {
    return speaksIpv6() ? List.of(Family.IPV4, Family.IPV6) : List.of(Family.IPV4);
  }

  /// Whether this namespace has addresses of IPv6. Where that is off its table may not be there
  /// either.
  static boolean speaksIpv6() throws StartException {
    try {
      return Files.exists(IPV6_ADDRESSES) && !Files.readString(IPV6_ADDRESSES).isBlank();
    } catch (IOException e) {
      throw new StartException("iptables: can't read " + IPV6_ADDRESSES + ": " + e.getMessage(), e);
    }
  }

  private static void requireRight() throws StartException {
    if (!hasRight()) {
      throw new StartException(
          "iptables: the kernel's rules need more rights; allowed: as root or with CAP_NET_ADMIN, or --print, and"
              + " apply them elsewhere");
    }
  }

  /// Whether this process may change the rules of its network namespace.
  static boolean hasRight() throws StartException {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("CapEff:")) {
          long capabilities = Long.parseUnsignedLong(line.substring(7).strip(), 16);
          return (capabilities >> NET_ADMIN & 1) == 1;
        }
      }
      return false;
    } catch (IOException | NumberFormatException e) {
      throw new StartException("iptables: can't read " + STATUS + ": " + e.getMessage(), e);
    }
  }

  private String rules(Family family) throws StartException, InterruptedException {
    Run run = run("", family.program(), "-w", LOCK_SECONDS, "-t", "nat", "-S");
    if (run.exit() != 0) {
      throw failed(family.program(), run);
    }
    return run.said();
  }

  private void restore(Family family, String text) throws StartException, InterruptedException {
    Run run = run(text, family.program() + "-restore", "--noflush", "-w", LOCK_SECONDS);
    if (run.exit() != 0) {
      throw failed(family.program() + "-restore", run);
    }
  }

  private static StartException failed(String program, Run run) {
    String said = run.said().strip().replaceAll("\\s+", " ");
    return new StartException(
        "iptables: "
            + program
            + " refused, exit="
            + run.exit()
            + ": "
            + said.substring(0, Math.min(said.length(), SHOWN_LENGTH_MAX)));
  }

  private Run run(String input, String program, String... arguments)
      throws StartException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(find(program).toString()));
    command.addAll(List.of(arguments));
    try {
      Path said = Files.createTempFile("loopgate-iptables", ".txt"); // its rules may be many
      try {
        Process process =
            new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try (Writer to = process.outputWriter()) {
          to.write(input);
        }
        if (!process.waitFor(WITHIN_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new StartException(
              "iptables: " + program + " did not end within " + WITHIN_SECONDS + " s");
        }
        return new Run(process.exitValue(), Files.readString(said));
      } finally {
        Files.delete(said);
      }
    } catch (IOException e) {
      throw new StartException("iptables: " + program + ": " + e.getMessage(), e);
    }
  }

  private Path find(String program) throws StartException {
    for (String folder : path.split(File.pathSeparator, -1)) {
      Path file = Path.of("/", folder, program);
      if (!folder.isEmpty() && Files.isExecutable(file)) {
        return file;
      }
    }
    throw new StartException(
        "iptables: there is no program "
            + program
            + "; allowed: with the package iptables installed, or --print, and apply them elsewhere");
  }
}
