package dev.loopgate.proxy;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// Addresses that begin with the same bits, like `10.0.0.0/8` or `2001:db8::/32`.
///
/// @param first the lowest of them
/// @param bits how many bits they share
public record AddressRange(InetAddress first, int bits) {
  /// Understands an address, or an address and a number of bits behind a slash.
  ///
  /// @throws IllegalArgumentException when it is neither, or has a bit set that is not shared
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    byte[] bytes =
        address.matches("[0-9a-fA-F.:]{1,45}")
            ? NetUtil.createByteArrayFromIpAddressString(address)
            : null;
    if (bytes == null) {
      throw new IllegalArgumentException("address range: no address");
    }
    InetAddress first = of(bytes);
    int max = first.getAddress().length * 8;
    String bits = slash < 0 ? Integer.toString(max) : text.substring(slash + 1);
    if (!bits.matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(bits) > max) {
      throw new IllegalArgumentException("address range: bits=0.." + max);
    }
    AddressRange range = new AddressRange(first, Integer.parseInt(bits));
    if (!Arrays.equals(range.masked(first.getAddress()), first.getAddress())) {
      throw new IllegalArgumentException("address range: bits are set behind the shared ones");
    }
    return range;
  }

  /// Whether `address` is one of them.
  boolean contains(InetAddress address) {
    byte[] own = first.getAddress();
    byte[] other = address.getAddress();
    return own.length == other.length && Arrays.equals(masked(other), own);
  }

  private byte[] masked(byte[] address) {
    for (int i = 0; i < address.length; i++) {
      int shared = Math.clamp(bits - 8 * i, 0, 8);
      address[i] &= (byte) (0xff00 >> shared);
    }
    return address;
  }

  // An address of 4 bytes, also of the 16 that stand for one.
  static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("address: bytes=" + bytes.length + ", allowed=4 or 16", e);
    }
  }

  @Override
  public String toString() {
    return first.getHostAddress() + "/" + bits;
  }
}
