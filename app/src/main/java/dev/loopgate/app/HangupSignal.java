package dev.loopgate.app;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/// SIGHUP, which otherwise would end the process, turned into a call on a thread of the JVM's.
final class HangupSignal {
  private HangupSignal() {}

  /// Calls `asked` at each SIGHUP from now on; it must not block.
  ///
  /// @return false where this JVM has no such signal
  static boolean install(Runnable asked) {
    InvocationHandler handling =
        (_, method, _) -> {
          if (!method.getName().equals("handle")) {
            throw new UnsupportedOperationException("signal: method=" + method.getName());
          }
          asked.run();
          return null;
        };
    try {
      // By name: the compiler warns of it as of something internal, though it is exported and there
      // is nothing else for this.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              HangupSignal.class.getClassLoader(), new Class<?>[] {handler}, handling);
      Object hangup = signal.getConstructor(String.class).newInstance("HUP");
      signal.getMethod("handle", signal, handler).invoke(null, hangup, proxy);
      return true;
    } catch (ReflectiveOperationException _) {
      return false; // which is what the caller is told
    }
  }
}
