package dev.loopgate.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Where a connection was going before the kernel redirected it (`SO_ORIGINAL_DST`).
final class OriginalDestination {
  private static final int SOL_IP = 0;
  private static final int SOL_IPV6 = 41;
  private static final int SO_ORIGINAL_DST = 80;
  private static final int SOCKADDR_IN_BYTES = 16;
  private static final int SOCKADDR_IN6_BYTES = 28;

  /// What a `sockaddr_in` has before its address, and a `sockaddr_in6`.
  private static final int ADDRESS_AT = 4;

  private static final int ADDRESS6_AT = 8;
  private static final int PORT_AT = 2;

  // A connection over IPv4 is asked as one, though the socket that accepted it is one of IPv6.
  private static final RawUnixChannelOption OVER_IPV4 =
      new RawUnixChannelOption("SO_ORIGINAL_DST", SOL_IP, SO_ORIGINAL_DST, SOCKADDR_IN_BYTES);
  private static final RawUnixChannelOption OVER_IPV6 =
      new RawUnixChannelOption(
          "IP6T_SO_ORIGINAL_DST", SOL_IPV6, SO_ORIGINAL_DST, SOCKADDR_IN6_BYTES);

  private OriginalDestination() {}

  /// Null when it was not redirected, or came to the port itself.
  ///
  /// @param channel of epoll, accepted
  static @Nullable InetSocketAddress of(Channel channel) {
    boolean six =
        channel.remoteAddress() instanceof InetSocketAddress remote
            && remote.getAddress() instanceof Inet6Address;
    InetSocketAddress asked;
    try {
      ByteBuffer raw = channel.config().getOption(six ? OVER_IPV6 : OVER_IPV4);
      asked = raw == null ? null : read(raw, six ? ADDRESS6_AT : ADDRESS_AT, six ? 16 : 4);
    } catch (ChannelException _) {
      return null; // the kernel knows of no redirection, which is the answer
    }
    return asked == null || asked.equals(channel.localAddress()) ? null : asked;
  }

  private static InetSocketAddress read(ByteBuffer raw, int addressAt, int addressBytes) {
    byte[] address = new byte[addressBytes];
    raw.get(addressAt, address);
    int port = ((raw.get(PORT_AT) & 0xff) << 8) | (raw.get(PORT_AT + 1) & 0xff);
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("address: bytes=" + addressBytes + ", allowed=4 or 16", e);
    }
  }
}
