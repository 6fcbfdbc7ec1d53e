"""Features from Spark, training in Ray, predictions back in Spark SQL: no file, no collect.

The data are the 569 tumors of scikit-learn's breast cancer dataset. Spark scales the features with
statistics of the training rows. Ray trains one model for each strength of regularization, all at
the same time, and predicts with the best model. Spark joins the predictions to the labels and
counts right and wrong ones.

    python examples/spark_to_ray_training.py
    python examples/spark_to_ray_training.py --master spark://host:7077
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import ray
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rayonspark import RayCluster, configure_spark
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from ray.data import Dataset

STRENGTHS = (0.01, 0.1, 1.0, 10.0)
"""The inverse regularization strengths to try."""

LEAST_ACCURACY = 0.93


def load(spark: SparkSession) -> DataFrame:
    """Return the dataset as a DataFrame: an id, 30 features, and the label `benign`."""
    frame = load_breast_cancer(as_frame=True).frame
    frame = frame.rename(columns=lambda name: name.replace(" ", "_"))
    frame = frame.rename(columns={"target": "benign"})
    frame.insert(0, "id", range(len(frame)))
    return spark.createDataFrame(frame)


def prepare(rows: DataFrame) -> DataFrame:
    """Scale the features with the training rows' mean and deviation, and mark each row's part."""
    names = feature_names(rows)
    # A hash of the id selects the same rows in every run, whatever their partitions.
    part = F.when(F.abs(F.xxhash64("id")) % 10 < 6, "train")
    part = part.when(F.abs(F.xxhash64("id")) % 10 < 8, "validate").otherwise("test")
    marked = rows.withColumn("part", part)
    training = marked.where("part = 'train'")
    learnt = training.select(
        *(F.avg(name).alias(f"{name}_mean") for name in names),
        *(F.stddev_pop(name).alias(f"{name}_deviation") for name in names),
    )
    scaled = [
        ((F.col(name) - F.col(f"{name}_mean")) / F.col(f"{name}_deviation")).alias(name)
        for name in names
    ]
    return marked.crossJoin(F.broadcast(learnt)).select("id", "part", "benign", *scaled)


def feature_names(rows: DataFrame) -> list[str]:
    """Return the names of the feature columns."""
    return [name for name in rows.columns if name not in ("id", "part", "benign")]


@ray.remote
def fit(strength: float, names: list[str], *blocks: pa.Table) -> tuple[float, Any]:
    """Train on the training rows; return the accuracy on the validation rows, and the model."""
    frame = pa.concat_tables(blocks).to_pandas()
    train, validate = frame[frame.part == "train"], frame[frame.part == "validate"]
    model = LogisticRegression(C=strength, max_iter=1_000)
    model.fit(train[names], train.benign)
    return float(model.score(validate[names], validate.benign)), model


def train(dataset: Dataset, names: list[str]) -> Any:
    """Train all models at the same time, on the same uncopied blocks; return the best model."""
    blocks = dataset.to_arrow_refs()
    trained = ray.get([fit.remote(strength, names, *blocks) for strength in STRENGTHS])
    for strength, (accuracy, _) in zip(STRENGTHS, trained, strict=True):
        print(f"Ray, C={strength:g}: accuracy {accuracy:.3f} on the validation rows")
    return max(trained, key=lambda result: result[0])[1]


def predict(dataset: Dataset, names: list[str], model: Any) -> Dataset:
    """Return the probability that a tumor is benign, by id."""

    def predict_batch(batch: pa.Table) -> pa.Table:
        probability = model.predict_proba(batch.select(names).to_pandas())[:, 1]
        return pa.table({"id": batch.column("id"), "probability": probability})

    return dataset.map_batches(predict_batch, batch_format="pyarrow")


def evaluate(spark: SparkSession, prepared: DataFrame, predictions: DataFrame) -> float:
    """Count right and wrong predictions in SQL; return the accuracy on the test rows."""
    prepared.createOrReplaceTempView("prepared")
    predictions.createOrReplaceTempView("predictions")
    spark.sql("""
        CREATE OR REPLACE TEMP VIEW evaluated AS
        SELECT part, benign, CAST(probability >= 0.5 AS INT) AS predicted
        FROM prepared JOIN predictions USING (id)
    """)
    spark.sql("""
        SELECT part, count(*) AS rows, round(avg(CAST(benign = predicted AS INT)), 3) AS accuracy,
               count_if(benign = 1 AND predicted = 0) AS missed_benign,
               count_if(benign = 0 AND predicted = 1) AS missed_malignant
        FROM evaluated GROUP BY part ORDER BY part
    """).show()
    row = spark.sql(
        "SELECT avg(CAST(benign = predicted AS INT)) FROM evaluated WHERE part = 'test'"
    )
    return float(row.first()[0])


def main() -> None:
    """Start Spark with Ray, train, evaluate, and stop both."""
    arguments = parse_arguments()
    builder = configure_spark(SparkSession.builder.master(arguments.master))
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    try:
        prepared = prepare(load(spark)).cache()
        names = feature_names(prepared)
        with RayCluster.start(spark, object_store_memory=arguments.object_store_memory) as cluster:
            dataset = cluster.to_ray(prepared)
            print(f"Spark to Ray: {cluster.last_exchange}")
            model = train(dataset, names)
            predictions = cluster.to_spark(predict(dataset, names, model))
            accuracy = evaluate(spark, prepared, predictions)
            print(f"Ray to Spark: {cluster.last_exchange}")
        print(f"Spark, accuracy on the test rows: {accuracy:.3f}")
        assert accuracy >= LEAST_ACCURACY, f"{accuracy} is less than {LEAST_ACCURACY}"
    finally:
        spark.stop()
    print("Both are stopped.")


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--master", default="local[2]", help="Spark master; default: %(default)s")
    parser.add_argument("--object-store-memory", default="200m", help="default: %(default)s")
    return parser.parse_args()


if __name__ == "__main__":
    main()
