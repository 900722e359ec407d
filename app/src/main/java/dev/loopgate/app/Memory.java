package dev.loopgate.app;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/// What this JVM was given.
///
/// @param heapMax bytes of `-Xmx`
/// @param directMax bytes of `-XX:MaxDirectMemorySize`, the heap's where that is not said
record Memory(long heapMax, long directMax) {
  static Memory ofThisProcess() {
    long heapMax = Runtime.getRuntime().maxMemory();
    HotSpotDiagnosticMXBean flags =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    long directMax = Long.parseLong(flags.getVMOption("MaxDirectMemorySize").getValue());
    return new Memory(heapMax, directMax == 0 ? heapMax : directMax);
  }
}
