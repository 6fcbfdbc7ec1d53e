package org.rayonspark.conf

/** Suggests the intended name for a misspelled one. */
object DidYouMean {

  /** Returns the candidate closest to `name`, unless even that is too different. */
  def to(name: String, candidates: Seq[String]): Option[String] = {
    val wanted = folded(name)
    candidates
      .map(candidate => (distance(wanted, folded(candidate)), candidate))
      .minByOption { case (steps, _) => steps }
      .collect { case (steps, candidate) if steps <= math.max(2, wanted.length / 3) => candidate }
  }

  /** Returns " Did you mean …?", to follow an error about `name`; empty without a suggestion. */
  def question(name: String, candidates: Seq[String]): String =
    to(name, candidates).fold("")(candidate => s""" Did you mean "$candidate"?""")

  private def folded(name: String): String =
    name.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9]", "")

  /** Levenshtein distance: insertions, deletions and substitutions. */
  private def distance(a: String, b: String): Int = {
    val first = (0 to b.length).toVector
    a.foldLeft(first) { (above, letter) =>
      b.indices.foldLeft(Vector(above.head + 1)) { (row, i) =>
        val change = above(i) + (if (b(i) == letter) 0 else 1)
        row :+ math.min(change, math.min(row.last, above(i + 1)) + 1)
      }
    }.last
  }
}
