package dev.loopgate.app;

import dev.loopgate.extauthz.OwnPaths;
import dev.loopgate.proxy.LocalService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.List;

/// Where doors will be, looked at before anything is started.
final class Doors {
  private Doors() {}

  /// The socket address.
  ///
  /// @throws StartException when the host is unknown or the port is taken; the line names the
  ///   address
  static InetSocketAddress checked(String setting, Address address) throws StartException {
    InetSocketAddress socket;
    try {
      socket = new InetSocketAddress(InetAddress.getByName(address.host()), address.port());
    } catch (UnknownHostException e) {
      throw new StartException(
          setting + ": " + address + " names no host of this machine; allowed: its own address", e);
    }
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(socket);
    } catch (IOException e) {
      throw new StartException(
          setting
              + ": can't listen at "
              + address
              + " ("
              + e.getMessage()
              + "); allowed: a free port (--"
              + setting
              + " HOST:PORT, port 0 chooses one)",
          e);
    }
    return socket;
  }

  /// How a caller on this machine reaches it.
  static String url(InetSocketAddress address, boolean secure) {
    return (secure ? "https://" : "http://") + shown(address);
  }

  /// The same without a scheme.
  static String shown(InetSocketAddress address) {
    InetAddress host = address.getAddress();
    String name = host.isAnyLocalAddress() ? "127.0.0.1" : host.getHostAddress();
    return (name.indexOf(':') >= 0 ? "[" + name + "]" : name) + ":" + address.getPort();
  }

  /// Whose a request is, of those that these services answer: the first that serves it.
  static OwnPaths ownPaths(List<LocalService> services) {
    return (method, path) -> {
      for (LocalService service : services) {
        if (service.serves(method, path)) {
          return new OwnPaths.Access.Ours(service.asked(method, path));
        }
      }
      return OwnPaths.Access.NOT_OURS;
    };
  }
}
