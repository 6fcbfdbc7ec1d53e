package org.rayonspark

import scala.concurrent.{ExecutionContext, ExecutionContextExecutor}
import scala.util.Try
import scala.util.matching.Regex

/**
 * Methods of Scala 2.13's library that the sources use and Scala 2.12's library lacks. Each package
 * has them through its package object, so no source imports them.
 */
private[rayonspark] trait Scala213 {

  private[rayonspark] implicit final class OptionNames(option: Option.type) {
    def when[A](condition: Boolean)(value: => A): Option[A] = if (condition) Some(value) else None
    def unless[A](condition: Boolean)(value: => A): Option[A] = when(!condition)(value)
  }

  private[rayonspark] implicit final class TextNames(text: String) {
    def toIntOption: Option[Int] = Try(text.toInt).toOption
    def toLongOption: Option[Long] = Try(text.toLong).toOption
    def toDoubleOption: Option[Double] = Try(text.toDouble).toOption
    def toBooleanOption: Option[Boolean] = Try(text.toBoolean).toOption
  }

  private[rayonspark] implicit final class PatternNames(pattern: Regex) {
    def matches(text: String): Boolean = pattern.pattern.matcher(text).matches
  }

  private[rayonspark] implicit final class EitherNames[L, R](either: Either[L, R]) {
    def orElse(other: => Either[L, R]): Either[L, R] = if (either.isRight) either else other
  }

  private[rayonspark] implicit final class CollectionNames[A](all: TraversableOnce[A]) {
    def minOption[B >: A: Ordering]: Option[A] = Option.when(all.nonEmpty)(all.min[B])
    def maxOption[B >: A: Ordering]: Option[A] = Option.when(all.nonEmpty)(all.max[B])
    def minByOption[B: Ordering](key: A => B): Option[A] = Option.when(all.nonEmpty)(all.minBy(key))
  }

  private[rayonspark] implicit final class VectorNames[A](all: Vector[A]) {
    def partitionMap[L, R](side: A => Either[L, R]): (Vector[L], Vector[R]) = {
      val sides = all.map(side)
      (sides.collect { case Left(l) => l }, sides.collect { case Right(r) => r })
    }

    def groupMapReduce[K, B](key: A => K)(value: A => B)(reduce: (B, B) => B): Map[K, B] =
      all.groupBy(key).map { case (k, group) => k -> group.map(value).reduce(reduce) }
  }

  private[rayonspark] implicit final class MapNames[K, V](map: Map[K, V]) {
    def updatedWith(key: K)(change: Option[V] => Option[V]): Map[K, V] =
      change(map.get(key)).fold(map - key)(map.updated(key, _))
  }

  private[rayonspark] implicit final class ExecutionContextNames(of: ExecutionContext.type) {
    def parasitic: ExecutionContextExecutor = Parasitic
  }
}

/** Runs a future's callbacks on the thread that completes it. */
private object Parasitic extends ExecutionContextExecutor {
  override def execute(action: Runnable): Unit = action.run()
  override def reportFailure(error: Throwable): Unit = ExecutionContext.defaultReporter(error)
}
