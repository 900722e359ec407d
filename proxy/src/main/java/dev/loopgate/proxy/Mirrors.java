package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The copies of requests that one event loop has under way to mirrors. Confined to that event
/// loop.
///
/// A request never waits for its copy, and never fails with it: what finds no room here is skipped
/// and counted.
final class Mirrors {
  /// The largest body that is copied.
  static final int BODY_BYTES_MAX = 1 << 20;

  /// Bodies of all copies of a loop together, from their first byte until the mirror has answered;
  /// of the loop's share of `capture.bytes-max`.
  static final int BYTES_MAX = 4 << 20;

  /// Copies of a loop that are under way at a time.
  static final int COPIES_MAX = 64;

  private final ProxyLoop loop;
  private final Set<MirrorCopy> copies = new HashSet<>();
  private int bytes;

  Mirrors(ProxyLoop loop) {
    this.loop = loop;
  }

  /// The copy that is to be made of a request, null where its route has no mirror, or none can be
  /// made now.
  ///
  /// @param headers as the main model gets them, without `host`
  @Nullable MirrorCopy copyOf(Fleet.Match match, CallerRequest request, List<Header> headers) {
    Deployment mirror = match.through().mirror();
    if (mirror == null) {
      return null;
    }
    if (request.framing().kind() == BodyFraming.Kind.LENGTH
        && request.framing().length() > BODY_BYTES_MAX) {
      loop.events().mirrored(mirror.model().id(), Mirrored.TOO_LARGE);
      return null;
    }
    if (copies.size() >= COPIES_MAX || loop.isDraining() || request.upgrade() != null) {
      loop.events().mirrored(mirror.model().id(), Mirrored.SKIPPED);
      return null;
    }
    String path =
        mirror.model().basePath()
            + match.path()
            + request.target().substring(request.path().length());
    boolean toHttp1 =
        match.deployment().model().upstream().isHttp2() && !mirror.model().upstream().isHttp2();
    List<Header> copied = toHttp1 ? forHttp1(request, headers) : headers;
    MirrorCopy copy = new MirrorCopy(loop, mirror, request, path, withoutToken(copied));
    copies.add(copy);
    return copy;
  }

  // A token is for the model that was called, and for no other that only looks on.
  private List<Header> withoutToken(List<Header> headers) {
    if (loop.policy() == null || RawHead.count(headers, Admission.AUTHORIZATION) == 0) {
      return headers;
    }
    List<Header> rest = new ArrayList<>(headers);
    rest.removeIf(header -> header.name().equals(Admission.AUTHORIZATION));
    return rest;
  }

  // What HTTP/2 says by frames, HTTP/1.1 says in headers.
  private List<Header> forHttp1(CallerRequest request, List<Header> headers) {
    List<Header> all = new ArrayList<>(headers);
    all.removeIf(header -> header.name().equals("te"));
    if (request.framing().kind() == BodyFraming.Kind.CHUNKED) {
      all.add(loop.knownHeaders().of("transfer-encoding", "chunked"));
    }
    return all;
  }

  /// Takes room for so many bytes more of a body, if there is as much.
  boolean take(int more) {
    if (bytes + more > BYTES_MAX || !loop.captureBuffers().takeRoom(more)) {
      return false;
    }
    bytes += more;
    return true;
  }

  /// A copy is over, and gives back the room it took.
  void ended(MirrorCopy copy, int taken) {
    bytes -= taken;
    loop.captureBuffers().giveBack(taken);
    copies.remove(copy);
  }

  /// Looks at every deadline.
  void sweep(long nowNanos) {
    if (!copies.isEmpty()) {
      for (MirrorCopy copy : new ArrayList<>(copies)) {
        copy.tick(nowNanos);
      }
    }
  }

  /// What is under way ends now.
  void stop() {
    for (MirrorCopy copy : new ArrayList<>(copies)) {
      copy.stop();
    }
  }

  int bytes() {
    return bytes;
  }
}
