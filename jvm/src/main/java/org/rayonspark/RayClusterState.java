package org.rayonspark;

/** The state of a Ray cluster. It only moves forward. */
public enum RayClusterState {
  /** Nodes are being placed, planned and launched. */
  STARTING(false),
  /** The head and all requested nodes have been alive at the same time. */
  RUNNING(false),
  /** Nodes are shutting down, on request or because the cluster failed. */
  STOPPING(false),
  /** The cluster has ended on request. */
  STOPPED(true),
  /** The cluster has ended because of an error. */
  FAILED(true);

  private final boolean isFinal;

  RayClusterState(boolean isFinal) {
    this.isFinal = isFinal;
  }

  /** Whether no other state follows this one. */
  public boolean isFinal() {
    return isFinal;
  }
}
