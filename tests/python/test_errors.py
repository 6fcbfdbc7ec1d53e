import pickle

import pytest
from fakes import JavaThrowable
from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from pyspark.errors.exceptions.captured import CapturedException
from rayonspark import _jvm, errors

BUILTINS = {
    "InvalidSpecException": ValueError,
    "PlacementException": RuntimeError,
    "StartTimeoutException": TimeoutError,
    "UnreachableException": ConnectionError,
    "VersionMismatchException": RuntimeError,
    "NodeFailedException": RuntimeError,
    "ClusterStoppedException": RuntimeError,
    "ExchangeException": RuntimeError,
    "RayOnSparkException": Exception,
}


class ThrownByJava(Py4JJavaError):  # type: ignore[misc]
    """py4j's error around a Java exception, without a gateway."""

    def __init__(self, thrown: JavaThrowable) -> None:
        Exception.__init__(self)
        self.java_exception = thrown

    def __str__(self) -> str:
        return "a Java error"


def raised_for(error: Exception) -> Exception:
    try:
        with _jvm.translated():
            raise error
    except Exception as translated:
        return translated


@pytest.mark.parametrize("name", BUILTINS)
def test_a_java_error_keeps_its_name_and_is_the_fitting_builtin(name: str) -> None:
    thrown = ThrownByJava(JavaThrowable(f"org.rayonspark.{name}", "2 nodes. Ask for 1."))
    error = raised_for(thrown)
    assert type(error).__name__ == name
    assert isinstance(error, BUILTINS[name])
    assert isinstance(error, errors.RayOnSparkException)
    assert str(error) == "2 nodes. Ask for 1."
    assert error.__cause__ is thrown


def test_every_error_has_its_builtin_in_this_table() -> None:
    assert {name for name in errors.__all__ if name.endswith("Exception")} == set(BUILTINS)


def test_our_error_is_found_as_the_cause_of_another() -> None:
    ours = JavaThrowable("org.rayonspark.NodeFailedException", "node 1")
    error = raised_for(ThrownByJava(JavaThrowable("java.util.concurrent.X", "wrapped", ours)))
    assert isinstance(error, errors.NodeFailedException)


def test_a_java_error_of_ours_that_python_does_not_know_becomes_the_base_class() -> None:
    error = raised_for(ThrownByJava(JavaThrowable("org.rayonspark.NewException", "new")))
    assert type(error) is errors.RayOnSparkException


def test_an_error_that_pyspark_has_translated_first_is_found() -> None:
    captured = CapturedException.__new__(CapturedException)
    captured._origin = JavaThrowable("org.rayonspark.InvalidSpecException", "bad")
    assert isinstance(raised_for(captured), errors.InvalidSpecException)


def test_a_java_error_of_another_project_stays_unchanged() -> None:
    thrown = ThrownByJava(JavaThrowable("java.lang.NullPointerException", "null"))
    assert raised_for(thrown) is thrown


@pytest.mark.parametrize(
    "error",
    [
        Py4JNetworkError("Answer from Java side is empty"),
        ConnectionRefusedError(111, "refused"),
        Py4JError("An error occurred while calling o52.stop"),
    ],
)
def test_a_jvm_that_is_gone_means_a_stopped_cluster(error: Exception) -> None:
    translated = raised_for(error)
    assert isinstance(translated, errors.ClusterStoppedException)
    assert str(translated).startswith("Spark's JVM in the driver is gone, and the Ray cluster")


@pytest.mark.parametrize(
    "text",
    [
        "An error occurred\npy4j.Py4JException: Method foo([]) does not exist",
        "An error occurred while calling o52.stop. Trace:\npy4j.Py4JException: Target is gone",
        "Cannot convert the argument",
    ],
)
def test_an_error_from_a_jvm_that_answers_does_not_mean_a_stopped_cluster(text: str) -> None:
    error = Py4JError(text)
    assert raised_for(error) is error


def test_an_error_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(errors.StartTimeoutException("120 s")))
    assert isinstance(again, TimeoutError)
    assert str(again) == "120 s"
