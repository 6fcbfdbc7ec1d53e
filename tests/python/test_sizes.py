import pytest
from hypothesis import given
from hypothesis import strategies as some
from rayonspark._sizes import mib


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("500m", 500),
        ("2g", 2048),
        ("2GB", 2048),
        ("2gib", 2048),
        ("1.5g", 1536),
        ("4096", 4096),
        (4096, 4096),
        ("1t", 1024 * 1024),
        ("2048k", 2),
        ("1048576b", 1),
        (" 1 g ", 1024),
    ],
)
def test_a_size_is_read_in_binary_units(size: str | int, expected: int) -> None:
    assert mib("memory", size) == expected


@pytest.mark.parametrize("size", ["", "0", "0.5m", "-1g", "1gg", "two", "1 024m", 1.5e300])
def test_an_invalid_size_is_an_error_that_names_the_argument(size: str) -> None:
    with pytest.raises(ValueError, match=r"^memory=.* is not a size of at least 1 MiB\. Write it"):
        mib("memory", size)


@given(some.integers(1, 10**9))
def test_a_size_that_spark_gets_is_read_back_unchanged(size: int) -> None:
    assert mib("memory", f"{size}m") == size
