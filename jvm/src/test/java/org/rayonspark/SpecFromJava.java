package org.rayonspark;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Uses the spec as Java code would; that it compiles is most of the test. */
final class SpecFromJava {
  private SpecFromJava() {}

  static RayClusterSpec everyField() {
    return RayClusterSpec.builder()
        .numNodes(2)
        .cpusPerNode(1)
        .gpusPerNode(1)
        .memory("1g")
        .objectStoreMemory("500m")
        .stagingMemory("100m")
        .headCpus(0)
        .resources(Map.of("slot", 2.0))
        .labels(Map.of("tier", "gold"))
        .env(Map.of("A", "1"))
        .python("python3")
        .envPassthrough(List.of("AWS_*"))
        .headArgs(List.of("--disable-usage-stats"))
        .workerArgs(List.of("--disable-usage-stats"))
        .ports("gcs=6379")
        .scheduling("plain")
        .slots("reserved")
        .startTimeout(Duration.ofMinutes(2))
        .tempDir("/tmp")
        .spillDir("/data")
        .dashboard(false)
        .dashboardHost("127.0.0.1")
        .dashboardPort(8265)
        .usageStats(true)
        .logDir("/logs")
        .auth("token")
        .maxRestarts(1)
        .drainTimeout(Duration.ofSeconds(10))
        .build();
  }

  static String refusal() {
    try {
      RayClusterSpec.fromArguments(Map.of("num_nodes", "0"));
      return "";
    } catch (InvalidSpecException e) {
      return e.getMessage();
    }
  }
}
