package dev.loopgate.app;

import dev.loopgate.cli.Cli;
import dev.loopgate.cli.Verbs;
import dev.loopgate.xds.Bootstrap;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `envoy-bootstrap`: what an Envoy starts with that is configured by a gateway.
final class EnvoyBootstrap {
  private static final String CONTROL = "control";
  private static final String NODE_ID = "node-id";
  private static final String GROUP = "group";
  private static final String ADMIN = "admin";
  private static final String CERTIFICATE = "certificate";
  private static final String KEY = "key";
  private static final String CA = "ca";
  private static final String CONTROL_BY_DEFAULT = "127.0.0.1:9901";
  private static final String ADMIN_BY_DEFAULT = "127.0.0.1:9902";

  /// Its options, in the order of the help.
  static final List<Verbs.SettingOption> OPTIONS =
      List.of(
          new Verbs.SettingOption(
              CONTROL,
              "HOST:PORT",
              "envoy.listen of the gateway, as the Envoy reaches it; else "
                  + CONTROL_BY_DEFAULT
                  + "."),
          new Verbs.SettingOption(
              NODE_ID, "NAME", "The Envoy's own name, in the gateway's lines; else envoy."),
          new Verbs.SettingOption(GROUP, "NAME", "xds.group of the gateway; else loopgate."),
          new Verbs.SettingOption(
              ADMIN,
              "HOST:PORT",
              "Where the Envoy's own administration listens; else " + ADMIN_BY_DEFAULT + "."),
          new Verbs.SettingOption(
              CERTIFICATE, "PATH", "The Envoy's certificate, PEM, where the gateway asks for one."),
          new Verbs.SettingOption(KEY, "PATH", "The key of it, PEM."),
          new Verbs.SettingOption(
              CA,
              "PATH",
              "The authorities that envoy.certificate of the gateway is issued by, PEM."));

  private EnvoyBootstrap() {}

  /// Prints it, or one line that says why not.
  ///
  /// @return the exit code
  static int print(Map<String, String> options, PrintWriter out, PrintWriter err) {
    try {
      Address control = address(options, CONTROL, CONTROL_BY_DEFAULT);
      if (control.port() == 0) {
        throw new UsageException("control: value 0 as a port; allowed: 1 to 65535");
      }
      Address admin = address(options, ADMIN, ADMIN_BY_DEFAULT);
      if (!XdsPlan.place(admin).isAddress()) {
        throw new UsageException(
            "admin: value \""
                + admin
                + "\" is a name; allowed: an address, like "
                + ADMIN_BY_DEFAULT);
      }
      Bootstrap bootstrap =
          new Bootstrap(
              XdsPlan.place(control),
              name(options, NODE_ID, "envoy"),
              name(options, GROUP, "loopgate"),
              admin.host(),
              admin.port(),
              mutual(options));
      out.print(bootstrap.yaml());
      out.flush();
      return Cli.OK;
    } catch (UsageException e) {
      err.println("loopgate: " + e.getMessage() + " (loopgate help envoy-bootstrap)");
      return Cli.USAGE;
    }
  }

  private static Address address(Map<String, String> options, String option, String byDefault)
      throws UsageException {
    String value = options.getOrDefault(option, byDefault);
    try {
      return Address.parse(value);
    } catch (NotAllowedException e) {
      throw new UsageException(
          option + ": value " + Shown.of(value) + "; allowed: " + e.getMessage());
    }
  }

  private static String name(Map<String, String> options, String option, String byDefault)
      throws UsageException {
    String value = options.getOrDefault(option, byDefault);
    if (!Bootstrap.NAME.matcher(value).matches()) {
      throw new UsageException(
          option
              + ": value "
              + Shown.of(value)
              + "; allowed: letters, digits and . _ ~ : / -, at most 256");
    }
    return value;
  }

  private static Bootstrap.@Nullable Mutual mutual(Map<String, String> options)
      throws UsageException {
    String certificate = options.get(CERTIFICATE);
    String key = options.get(KEY);
    String ca = options.get(CA);
    if (certificate == null && key == null && ca == null) {
      return null;
    }
    if (certificate == null || key == null || ca == null) {
      String lone = certificate != null ? CERTIFICATE : key != null ? KEY : CA;
      throw new UsageException(
          lone + ": stands alone; allowed: --certificate, --key and --ca together");
    }
    for (Map.Entry<String, String> each :
        Map.of(CERTIFICATE, certificate, KEY, key, CA, ca).entrySet()) {
      if (each.getValue().isEmpty() || each.getValue().chars().anyMatch(Character::isISOControl)) {
        throw new UsageException(
            each.getKey() + ": value " + Shown.of(each.getValue()) + "; allowed: a path");
      }
    }
    return new Bootstrap.Mutual(certificate, key, ca);
  }
}
