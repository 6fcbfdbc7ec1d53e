"""Calls to the JVM: translates its errors to Python's classes, and its values to Python's types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from rayonspark import errors

_PACKAGE = "org.rayonspark."
_NO_ANSWER = re.compile(r"An error occurred while calling \S+")
"""py4j's whole message if the connection breaks during a call; an error in the JVM adds more."""
_MAPPERS: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""Jackson's mapper for each JVM; it is thread-safe."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise the JVM's errors as Python's classes of the same name, caused by py4j's error."""
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
        if _NO_ANSWER.fullmatch(str(error)):
            raise _jvm_gone() from error
        raise


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
        "and start Ray on it."
    )


def plain(jvm: Any, value: Any) -> Any:
    """Copy a Java map or list in one round trip; iterating over it takes one for each entry."""
    from py4j.java_gateway import JavaObject

    if not isinstance(value, JavaObject):
        return value
    mapper = _MAPPERS.get(jvm)
    if mapper is None:
        # Looking up a class takes a round trip for each part of its name.
        mapper = _MAPPERS[jvm] = jvm.com.fasterxml.jackson.databind.ObjectMapper()
    return json.loads(mapper.writeValueAsString(value))


def release_dropped(jvm: Any) -> None:
    """Release the Java objects that Python has dropped, which py4j does once a second."""
    queue = getattr(jvm._gateway_client, "finalizer_deque", None)
    while queue:
        try:
            task = queue.pop()
        except IndexError:
            return
        if isinstance(task, str):
            # py4j's order to end its own thread.
            queue.append(task)
            return
        client, target = task
        client.garbage_collect_object(target, False)
