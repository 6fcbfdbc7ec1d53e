package org.rayonspark.plan

import org.rayonspark.plan.PlanError.{PythonDiffers, RayDiffers, RayMissing, TooOld}

/** Whether the interpreters that run Ray fit one another, and us. */
object Compatibility {
  private val leastRay: Version = Version(2, 52)
  private val leastPython: Version = Version(3, 10)

  /** The head's own: recent enough. Gives its version of Ray. */
  def checkHead(head: Offer): Either[PlanError, String] = {
    val node = NodeIdentity.of(head)
    for {
      ray <- head.ray.toRight(RayMissing(node, head.python, s"ray ($leastRay or later)"))
      _ <- Either.cond(
        Version.of(head.python).forall(_ >= leastPython),
        (),
        TooOld(node, "Python", head.python, leastPython.toString)
      )
      _ <- Either.cond(
        Version.of(ray).forall(_ >= leastRay),
        (),
        TooOld(node, "Ray", ray, leastRay.toString)
      )
    } yield ray
  }

  /** Another node's against the head's: the same Ray, the same minor version of Python. */
  def checkWorker(worker: Offer, head: Offer): Either[PlanError, Unit] = {
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
