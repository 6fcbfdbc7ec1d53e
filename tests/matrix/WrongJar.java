import java.util.HashMap;
import java.util.List;
import org.rayonspark.RayCluster;
import org.rayonspark.RayClusterSpec;

/** Prints what each way to begin throws. Run it with the jar of another Spark or Scala. */
public class WrongJar {
  public static void main(String[] args) {
    List<Runnable> begins =
        List.of(
            () -> RayClusterSpec.defaults(),
            () -> RayClusterSpec.builder(),
            () -> RayClusterSpec.fieldNames(),
            () -> RayClusterSpec.fromArguments(new HashMap<>()),
            () -> RayCluster.start(null));
    for (Runnable begin : begins) {
      try {
        begin.run();
        System.out.println("nothing");
      } catch (Throwable e) {
        System.out.println(e);
      }
    }
  }
}
