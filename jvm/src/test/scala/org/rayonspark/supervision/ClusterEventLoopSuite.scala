package org.rayonspark.supervision

import org.rayonspark.RayClusterState
import org.rayonspark.supervision.ClusterAction._
import org.rayonspark.supervision.ClusterEvent._
import org.scalatest.funsuite.AnyFunSuite

import java.util.concurrent.{ConcurrentLinkedQueue, CountDownLatch, TimeUnit}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

class ClusterEventLoopSuite extends AnyFunSuite {
  private val limit = 10.seconds

  /** A loop that records its actions and lets them fail as `failure` says. */
  private final class Recorded(failure: ClusterAction => Option[Throwable]) {
    val done = new ConcurrentLinkedQueue[ClusterAction]
    val closed = new CountDownLatch(1)
    val loop: ClusterEventLoop = new ClusterEventLoop(Story.begin(workers = 0).state, perform)

    private def perform(action: ClusterAction): Unit = {
      done.add(action)
      if (action == Close) closed.countDown()
      failure(action).foreach(throw _)
    }

    def end(): Boolean = {
      loop.post(StopRequested)
      loop.post(ClientsDisconnected)
      loop.post(AgentClosed("driver"))
      closed.await(limit.toSeconds, TimeUnit.SECONDS)
    }
  }

  test("a loop without other events stops") {
    val recorded = new Recorded(_ => None)
    assert(recorded.end())
    assert(recorded.loop.await(limit)(_.phase == RayClusterState.STOPPED))
  }

  test("after an action fails, the others are still performed, including the last one") {
    for (failure <- Vector(new IllegalStateException("no"), new NoClassDefFoundError("gone"))) {
      val recorded = new Recorded({ case Close => None; case _ => Some(failure) })
      assert(recorded.end(), failure)
      val names = recorded.done.asScala.toVector
      assert(names.contains(DisconnectClients) && names.contains(CancelJobs))
    }
  }

  test("a fatal error in an action ends the cluster as its failure") {
    val recorded = new Recorded({
      case Tell(_, _) => Some(new OutOfMemoryError("Java heap space"))
      case _ => None
    })
    recorded.loop.post(AgentRegistered("driver", "10.0.0.100"))
    assert(recorded.loop.await(limit)(_.failure.isDefined))
    assert(recorded.loop.state.failure.get.getMessage.contains("Java heap space"))
    assert(recorded.end())
    assert(recorded.loop.state.phase == RayClusterState.FAILED)
  }

  test("an event that cannot be handled ends the cluster as its failure instead of hanging it") {
    val recorded = new Recorded(_ => None)
    recorded.loop.post(AgentRegistered("driver", "10.0.0.100"))
    recorded.loop.post(ResourceOffered("driver", 0, null))
    assert(recorded.loop.await(limit)(_.failure.isDefined))
    assert(recorded.end())
    assert(recorded.loop.state.phase == RayClusterState.FAILED)
  }
}
