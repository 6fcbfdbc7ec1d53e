package org.rayonspark.data

import org.scalatest.funsuite.AnyFunSuite

final class ExportReservationsSuite extends AnyFunSuite {
  private final class Pool(limit: Long) {
    val location: StagingLocation = StagingLocation("1", "h", "h", "n1", "/s", limit)
    val pool = new StagingPool(() => Map(location.executorId -> location.limit))
    val reservations = new ExportReservations(pool)
    var granted: Vector[Int] = Vector.empty

    def reservation(sequence: Int, bytes: Long): Reservation =
      Reservation("1", 0, sequence, 0, bytes)

    def reserve(reservation: Reservation): Unit =
      reservations.reserve(reservation, location) { () =>
        granted = granted :+ reservation.sequence
      }
  }

  test("settling a reservation frees its unused bytes for the next one") {
    val r = new Pool(100)
    val first = r.reservation(0, 100)
    r.reserve(first)
    r.reserve(r.reservation(1, 50))
    assert(r.granted == Vector(0))
    r.reservations.settle(first, 50)
    assert(r.granted == Vector(0, 1))
  }

  test("a reservation that is given up while it waits is never granted, and blocks no other") {
    val r = new Pool(100)
    r.reserve(r.reservation(0, 60))
    r.reserve(r.reservation(1, 60))
    r.reserve(r.reservation(2, 40))
    r.reservations.settle(r.reservation(1, 60), 0)
    assert(r.granted == Vector(0, 2))
    r.reservations.settle(r.reservation(0, 60), 0)
    r.reserve(r.reservation(3, 60))
    assert(r.granted == Vector(0, 2, 3))
  }

  test("a reservation is settled once") {
    val r = new Pool(100)
    val first = r.reservation(0, 60)
    r.reserve(first)
    r.reservations.settle(first, 60)
    r.reservations.settle(first, 0)
    r.reserve(r.reservation(1, 60))
    assert(r.granted == Vector(0))
  }

  test("the reservations of executors that are gone are ended, and returned with their locations") {
    val r = new Pool(100)
    val guest = Reservation("2", 7, 0, 0, 60)
    r.reserve(guest)
    r.reserve(r.reservation(1, 60))
    assert(r.granted == Vector(0))
    assert(r.reservations.keepOnly(_ == "1") == Vector(guest -> r.location))
    assert(r.granted == Vector(0, 1))
    assert(r.reservations.location(guest).isEmpty)
    assert(r.reservations.keepOnly(_ == "1").isEmpty)
  }

  test("closing frees all open reservations, and later ones are never granted") {
    val r = new Pool(100)
    r.reserve(r.reservation(0, 60))
    r.reserve(r.reservation(1, 60))
    r.reservations.close()
    r.reserve(r.reservation(2, 10))
    assert(r.granted == Vector(0))
    val others = new ExportReservations(r.pool)
    var free = false
    others.reserve(r.reservation(9, 100), r.location) { () => free = true }
    assert(free)
  }
}
