package org.rayonspark.data

import org.scalatest.funsuite.AnyFunSuite

final class ExportClaimsSuite extends AnyFunSuite {
  private final class Room(limit: Long) {
    val place: StagingPlace = StagingPlace("1", "h", "h", "n1", "/s", limit)
    val room = new StagingRoom(() => Vector(place))
    val claims = new ExportClaims(room)
    var granted: Vector[Int] = Vector.empty

    def claim(sequence: Int, bytes: Long): Claim = Claim("1", 0, sequence, 0, bytes)

    def reserve(claim: Claim): Unit =
      claims.reserve(claim, place) { () => granted = granted :+ claim.sequence }
  }

  test("a claim that is settled leaves what was kept, and frees the rest for the next") {
    val r = new Room(100)
    val first = r.claim(0, 100)
    r.reserve(first)
    r.reserve(r.claim(1, 50))
    assert(r.granted == Vector(0))
    r.claims.settle(first, 50)
    assert(r.granted == Vector(0, 1))
  }

  test("a claim that is given up while it waits is never granted, and blocks nobody") {
    val r = new Room(100)
    r.reserve(r.claim(0, 60))
    r.reserve(r.claim(1, 60))
    r.reserve(r.claim(2, 40))
    r.claims.settle(r.claim(1, 60), 0)
    assert(r.granted == Vector(0, 2))
    r.claims.settle(r.claim(0, 60), 0)
    r.reserve(r.claim(3, 60))
    assert(r.granted == Vector(0, 2, 3))
  }

  test("a claim is settled once") {
    val r = new Room(100)
    val first = r.claim(0, 60)
    r.reserve(first)
    r.claims.settle(first, 60)
    r.claims.settle(first, 0)
    r.reserve(r.claim(1, 60))
    assert(r.granted == Vector(0))
  }

  test("the claims of executors that are gone are given up, and their places told") {
    val r = new Room(100)
    val guest = Claim("2", 7, 0, 0, 60)
    r.reserve(guest)
    r.reserve(r.claim(1, 60))
    assert(r.granted == Vector(0))
    assert(r.claims.keepOnly(_ == "1") == Vector(guest -> r.place))
    assert(r.granted == Vector(0, 1))
    assert(r.claims.place(guest).isEmpty)
    assert(r.claims.keepOnly(_ == "1").isEmpty)
  }

  test("closing frees all that is open, and takes no more") {
    val r = new Room(100)
    r.reserve(r.claim(0, 60))
    r.reserve(r.claim(1, 60))
    r.claims.close()
    r.reserve(r.claim(2, 10))
    assert(r.granted == Vector(0))
    val others = new ExportClaims(r.room)
    var free = false
    others.reserve(r.claim(9, 100), r.place) { () => free = true }
    assert(free)
  }
}
