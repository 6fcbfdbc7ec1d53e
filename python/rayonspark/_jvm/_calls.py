"""One call on the JVM: its errors under their own names, and its values as Python's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rayonspark import errors

_PACKAGE = "org.rayonspark."
_MISSING_METHOD = re.compile(r"(Method|Constructor) .* does not exist")


@contextmanager
def translated() -> Iterator[None]:
    """Raise the JVM's errors under their own names, with py4j's as the cause."""
    from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
    from pyspark.errors.exceptions.captured import CapturedException

    try:
        yield
    except Py4JJavaError as error:
        raise _translation(error.java_exception) or error from error
    except CapturedException as error:
        raise _translation(error._origin) or error from error
    except (Py4JNetworkError, ConnectionRefusedError) as error:
        raise _jvm_gone() from error
    except Py4JError as error:
        # py4j reports a connection that broke in the middle of a call as a bare Py4JError.
        if _MISSING_METHOD.search(str(error)):
            raise
        raise _jvm_gone() from error


def _translation(thrown: Any) -> errors.RayOnSparkException | None:
    while thrown is not None:
        full_name = str(thrown.getClass().getName())
        if full_name.startswith(_PACKAGE):
            kind = errors.by_name(full_name.rsplit(".", 1)[-1]) or errors.RayOnSparkException
            return kind(str(thrown.getMessage()))
        thrown = thrown.getCause()
    return None


def _jvm_gone() -> errors.ClusterStoppedException:
    return errors.ClusterStoppedException(
        "Spark's JVM in the driver is gone, and the Ray cluster with it. Start a new SparkSession, "
        "and start Ray on that."
    )


def plain(jvm: Any, value: Any) -> Any:
    """Copy a Java map or list in one round trip: walking it would take one for each entry."""
    from py4j.java_gateway import JavaObject

    if not isinstance(value, JavaObject):
        return value
    return json.loads(jvm.com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(value))
