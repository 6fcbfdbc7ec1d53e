package org.rayonspark;

/** Where a Ray cluster is in its life. It moves forward only. */
public enum RayClusterState {
  /** Nodes are being placed, planned and launched. */
  STARTING(false),
  /** The head and every node asked for have been alive at once. */
  RUNNING(false),
  /** Nodes are being ended, because somebody asked or because the cluster failed. */
  STOPPING(false),
  /** Everything is gone, as asked. */
  STOPPED(true),
  /** Everything is gone, because of an error. */
  FAILED(true);

  private final boolean isFinal;

  RayClusterState(boolean isFinal) {
    this.isFinal = isFinal;
  }

  /** Whether the cluster stays in this state for ever. */
  public boolean isFinal() {
    return isFinal;
  }
}
