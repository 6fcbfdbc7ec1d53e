package org.rayonspark.plan

import org.rayonspark.conf.Auth
import org.rayonspark.plan.PlanError.{NoTokens, PythonDiffers, RayDiffers, RayMissing, TooOld}

/** Checks that the nodes' Ray and Python versions match each other and RayOnSpark. */
object Compatibility {
  private val minRay: Version = Version(2, 41)
  private val minRayWithTokens: Version = Version(2, 52)
  private val minPython: Version = Version(3, 10)

  /** Checks that the head's versions are recent enough. Returns its Ray version. */
  def checkHead(head: ResourceOffer): Either[PlanError, String] = {
    val node = NodeIdentity.of(head)
    for {
      ray <- head.ray.toRight(RayMissing(node, head.python, s"ray ($minRay or later)"))
      _ <- Either.cond(
        Version.of(head.python).forall(_ >= minPython),
        (),
        TooOld(node, "Python", head.python, minPython.toString)
      )
      _ <- Either.cond(
        Version.of(ray).forall(_ >= minRay),
        (),
        TooOld(node, "Ray", ray, minRay.toString)
      )
    } yield ray
  }

  /** Checks that the head's Ray supports tokens, if they are required. Older versions have none. */
  def checkAuth(head: ResourceOffer, auth: Auth): Either[PlanError, Unit] =
    head.ray
      .filter(ray => auth == Auth.Token && Version.of(ray).exists(_ < minRayWithTokens))
      .map(ray => NoTokens(NodeIdentity.of(head), ray, minRayWithTokens.toString))
      .toLeft(())

  /** Checks a worker against the head: same Ray version, same minor version of Python. */
  def checkWorker(worker: ResourceOffer, head: ResourceOffer): Either[PlanError, Unit] = {
    val node = NodeIdentity.of(worker)
    for {
      wanted <- checkHead(head)
      found <- worker.ray.toRight(RayMissing(node, worker.python, s"ray==$wanted"))
      _ <- Either.cond(found == wanted, (), RayDiffers(node, found, wanted))
      _ <- Either.cond(
        Version.of(worker.python) == Version.of(head.python),
        (),
        PythonDiffers(node, worker.python, head.python)
      )
    } yield ()
  }
}
