"""Each ending of a command has its own exit code, and users never see a traceback."""

import pytest

from console.errors import guarded
from market.errors import InputError, VenueError


def ending(error: BaseException) -> int:
    def run() -> None:
        raise error

    return guarded(run)


def test_a_command_that_returns_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("tape row 41: price_ticks was −3,\nmust be > 0"), 2, "must be > 0"),
        (FileNotFoundError(2, "No such file or directory", "a.zip"), 2, "a.zip: No such file"),
        (PermissionError(13, "Permission denied", "runs"), 2, "runs: Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (SystemExit(130), 130, "interrupted"),
        (SystemExit("no"), 2, "no"),
    ],
)
def test_what_a_user_can_mend_is_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    assert code == ending(error)

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("twin: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("value", "code"), [(None, 0), (0, 0), (1, 1), (2, 2)])
def test_an_exit_code_is_passed_on(value: int | None, code: int) -> None:
    assert code == ending(SystemExit(value))


@pytest.mark.parametrize("error", [VenueError("a lot was lost"), ZeroDivisionError(), OSError("x")])
def test_a_defect_of_ours_shows_its_traceback_and_is_not_code_one(
    capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert ending(error) == 3
    assert "Traceback" in capsys.readouterr().err
