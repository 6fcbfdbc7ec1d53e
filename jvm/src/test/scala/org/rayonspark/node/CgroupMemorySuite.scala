package org.rayonspark.node

import org.rayonspark.node.CgroupMemory.Hierarchy
import org.scalatest.funsuite.AnyFunSuite

class CgroupMemorySuite extends AnyFunSuite {

  private val v2Mount =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
  private val v1Mount = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"
  private val v1Cpu = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct"

  private def files(groups: String, mounts: String*): Vector[String] =
    CgroupMemory.hierarchies(groups, mounts.mkString("\n")).flatMap(_.files).map(_.toString)

  test("a host without control groups has no limit files") {
    assert(files("").isEmpty)
    assert(files("0::/a\n").isEmpty)
  }

  test("version 2: every group up to the mount point counts") {
    assert(
      files("0::/user.slice/user-0.slice/a.scope\n", v2Mount) == Vector(
        "/sys/fs/cgroup/user.slice/user-0.slice/a.scope/memory.max",
        "/sys/fs/cgroup/user.slice/user-0.slice/memory.max",
        "/sys/fs/cgroup/user.slice/memory.max",
        "/sys/fs/cgroup/memory.max"
      )
    )
  }

  test("version 2 in a container with its own namespace: the mount point is its group") {
    assert(files("0::/\n", v2Mount) == Vector("/sys/fs/cgroup/memory.max"))
  }

  test("version 1: only the memory controller counts") {
    assert(
      files("5:cpu,cpuacct:/x\n4:memory:/yarn/container_1\n1:name=systemd:/z\n", v1Cpu, v1Mount) ==
        Vector(
          "/sys/fs/cgroup/memory/yarn/container_1/memory.limit_in_bytes",
          "/sys/fs/cgroup/memory/yarn/memory.limit_in_bytes",
          "/sys/fs/cgroup/memory/memory.limit_in_bytes"
        )
    )
  }

  test("version 1 in a container that shows the host's path: the mount's root is removed from it") {
    val mount = "9 8 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory"
    assert(
      files("4:memory:/docker/abc/inner\n", mount) == Vector(
        "/sys/fs/cgroup/memory/inner/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes"
      )
    )
  }

  test("a group outside of the mount falls back to the mount point") {
    val outside = Hierarchy("/sys/fs/cgroup", "/docker/abc", "/docker/abcdef", "memory.max")
    assert(outside.files.map(_.toString) == Vector("/sys/fs/cgroup/memory.max"))
    val above = Hierarchy("/sys/fs/cgroup", "/", "/../../other", "memory.max")
    assert(above.files.map(_.toString) == Vector("/sys/fs/cgroup/memory.max"))
  }

  test("on a host that mounts both versions, both count") {
    val unified = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
    assert(
      files("4:memory:/\n0::/\n", v1Mount, unified) == Vector(
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/unified/memory.max"
      )
    )
  }

  for (
    text <- Vector("max\n", "9223372036854771712\n", "18446744073709551615\n", "", "-1\n", "0\n")
  )
    test(s"[${text.trim}] is no limit") {
      assert(CgroupMemory.parseLimit(text).isEmpty)
    }

  test("a number is a limit in bytes") {
    assert(CgroupMemory.parseLimit("2147483648\n").contains(2147483648L))
  }

  for (
    (text, kills) <- Vector(
      "low 0\nhigh 0\nmax 12\noom 4\noom_kill 3\noom_group_kill 1\n" -> Some(3L),
      "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n" -> Some(2L),
      "oom_kill_disable 0\nunder_oom 0\n" -> None,
      "oom_kill many\n" -> None,
      "" -> None
    )
  )
    test(s"[${text.replace('\n', ' ').trim}] has the number of kills $kills") {
      assert(CgroupMemory.parseKills(text) == kills)
    }

  test("the kill counter is next to the own group's limit") {
    def kills(groups: String, mount: String): Vector[String] =
      CgroupMemory.hierarchies(groups, mount).map(_.killsFile.toString)
    assert(kills("0::/a/b\n", v2Mount) == Vector("/sys/fs/cgroup/a/b/memory.events"))
    assert(kills("4:memory:/x\n", v1Mount) == Vector("/sys/fs/cgroup/memory/x/memory.oom_control"))
  }

  test("this process's own limit, if it has one, is a number of bytes that a host can have") {
    assert(CgroupMemory.limit().forall(_ > (1L << 20)))
  }
}
