import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;

/// The planted slow-down of the benchmark harness: busy for so many nanoseconds at the begin of each `RingLane.append`,
/// which is once an exchange.
public final class SlowDown {
  private static final String PLACE = "dev/loopgate/spool/RingLane";
  private static long nanos;

  private SlowDown() {}

  /// Before `main`: the argument is the nanoseconds.
  public static void premain(String argument, Instrumentation instrumentation) {
    nanos = Long.parseLong(argument);
    instrumentation.addTransformer(new Slowing());
  }

  /// What the gateway's code is made to call.
  public static void burn() {
    long until = System.nanoTime() + nanos;
    while (System.nanoTime() - until < 0) {
      Thread.onSpinWait();
    }
  }

  private static final class Slowing implements ClassFileTransformer {
    @Override
    public byte[] transform(
        ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain, byte[] bytes) {
      if (!PLACE.equals(name)) {
        return null;
      }
      ClassFile file = ClassFile.of();
      byte[] slowed =
          file.transformClass(
              file.parse(bytes),
              ClassTransform.transformingMethodBodies(
                  method -> method.methodName().equalsString("append"),
                  CodeTransform.ofStateful(Beginning::new)));
      System.err.println("SlowDown: RingLane.append is slower by " + nanos + " ns");
      return slowed;
    }
  }

  private static final class Beginning implements CodeTransform {
    @Override
    public void atStart(CodeBuilder code) {
      code.invokestatic(
          ClassDesc.of("SlowDown"), "burn", MethodTypeDesc.of(ConstantDescs.CD_void));
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      code.with(element);
    }
  }
}
