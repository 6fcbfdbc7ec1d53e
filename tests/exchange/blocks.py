"""The blocks of a Dataset, and what Ray reports about its object stores."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import ray
from ray.data import Dataset


def tables(dataset: Dataset) -> list[pa.Table]:
    """The blocks in order, as they are in the object store."""
    bundles = dataset.iter_internal_ref_bundles()
    return ray.get([reference for bundle in bundles for reference in bundle.block_refs])


def table(dataset: Dataset) -> pa.Table:
    """All rows in order."""
    return pa.concat_tables(tables(dataset))


def stored_mib() -> int:
    """MiB in all object stores of the cluster, as Ray reports them."""
    from ray._private.internal_api import memory_summary

    said: Any = memory_summary(ray.get_runtime_context().gcs_address, stats_only=True)
    found = re.search(r"Plasma memory usage (\d+) MiB", said)
    assert found, said
    return int(found.group(1))
