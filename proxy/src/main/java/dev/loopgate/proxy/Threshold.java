package dev.loopgate.proxy;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What every caller's connection passes first, whatever the door: it takes a slot, or is closed.
/// Any thread; each connection on its own event loop.
///
/// @param loops the same map for all doors, filled before the first one opens
/// @param slots of all doors together
record Threshold(Map<EventLoop, ProxyLoop> loops, CallerSlots slots, ProxyEvents events) {
  /// The loop of a connection that is let in; null when it is one too many, and closed.
  @Nullable ProxyLoop enter(Channel channel) {
    if (!slots.tryTake()) {
      events.callerRefused();
      channel.close();
      return null;
    }
    channel.closeFuture().addListener(_ -> slots.giveBack());
    ProxyLoop loop = loops.get(channel.eventLoop());
    if (loop == null) {
      throw new IllegalStateException("pipeline: event loop without a proxy loop");
    }
    ProxyPipeline.settings(channel);
    return loop;
  }
}
