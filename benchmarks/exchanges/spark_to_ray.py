"""From a cached DataFrame to blocks in Ray's object store, in every way open to a user."""

from __future__ import annotations

import shutil
from typing import cast

from ray.data import Dataset

from exchanges import blocks
from exchanges.contestant import Setting


class _ToRay:
    """The outcome of `run` is a Dataset whose blocks are all stored; every `run` waits for that."""

    def checksum(self, setting: Setting, outcome: object) -> list[float]:
        references = blocks.references_of(cast(Dataset, outcome))
        blocks.require_stored(references)
        return blocks.checksum(references, setting.frame)

    def clean(self) -> None:
        return None


class RayOnSpark(_ToRay):
    """RayOnSpark's own `to_ray`."""

    def run(self, setting: Setting) -> Dataset:
        return setting.cluster.to_ray(setting.df)


class ByArrow(_ToRay):
    """Through one Arrow table in the driver."""

    def run(self, setting: Setting) -> Dataset:
        import ray

        return ray.data.from_arrow(setting.df.toArrow())


class ByPandas(_ToRay):
    """Through one pandas frame in the driver."""

    def run(self, setting: Setting) -> Dataset:
        import ray

        return ray.data.from_pandas(setting.df.toPandas())


class ByParquet(_ToRay):
    """Through files on the local disk."""

    def __init__(self) -> None:
        self._path = ""

    def run(self, setting: Setting) -> Dataset:
        import ray

        self._path = setting.directory()
        setting.df.write.parquet(self._path)
        return ray.data.read_parquet(self._path).materialize()

    def clean(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


class Noop:
    """Nowhere: the time that Spark needs to produce the rows. A lower bound, not an alternative."""

    def run(self, setting: Setting) -> None:
        setting.df.write.format("noop").mode("overwrite").save()

    def checksum(self, setting: Setting, outcome: object) -> list[float]:
        return []

    def clean(self) -> None:
        return None
