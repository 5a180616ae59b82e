"""A fitted hidden Markov model of a market's regimes, as plain data and as a TOML file.

Model: in each bar the market is in one of two to four hidden states; from bar to bar it moves between
them with fixed probabilities, and a bar's change, divided by `scale`, is drawn from a normal
distribution with mean zero and the state's variance. States are sorted by variance, and named so:

    2 states   CALM, VOLATILE
    3 states   CALM, NORMAL, VOLATILE
    4 states   CALM, NORMAL, VOLATILE, EXTREME

`research.regimes` fits such a model, `desk.state.hmm` follows it. The file says in `[fit]` what it was
fitted on; that decides nothing.
"""

import tomllib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from market.codes import Regime
from market.errors import InputError

STATES_MIN: Final = 2
STATES_MAX: Final = 4
SUM_ERROR_MAX: Final = 1e-6

STATE_REGIMES: Final[dict[int, tuple[Regime, ...]]] = {
    2: (Regime.CALM, Regime.VOLATILE),
    3: (Regime.CALM, Regime.NORMAL, Regime.VOLATILE),
    4: (Regime.CALM, Regime.NORMAL, Regime.VOLATILE, Regime.EXTREME),
}
"""What the states of a model mean, by how many it has."""

_HEAD: Final = (
    "# Regimes of a market, written by `twin regimes fit`; docs/explanation/risk-measures.md\n"
)


class HmmParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model.

    Attributes:
        bar_ns: Length of the bars that it is of.
        scale: What changes are divided by, above zero.
        starts: Probability of each state before the first bar.
        moves: By state, the probability of each state in the next bar.
        variances: Of a scaled change in each state, rising.
    """

    bar_ns: int
    scale: float
    starts: tuple[float, ...]
    moves: tuple[tuple[float, ...], ...]
    variances: tuple[float, ...]

    def __post_init__(self) -> None:
        count = len(self.variances)
        if not STATES_MIN <= count <= STATES_MAX:
            raise _wrong("variances", f"{count} states", f"{STATES_MIN} to {STATES_MAX}")
        if self.bar_ns < 1:
            raise _wrong("bar_ns", self.bar_ns, "1 or more")
        if not 0.0 < self.scale < 1e100:
            raise _wrong("scale", self.scale, "a number above 0")
        if len(self.moves) != count:
            raise _wrong("moves", f"{len(self.moves)} rows", f"one for each of {count} states")
        for name, row in (("starts", self.starts), *(("moves", row) for row in self.moves)):
            total = 0.0
            for share in row:
                total += share
            # Written so that NaN, which no comparison holds for, is refused too.
            fits = len(row) == count and abs(total - 1.0) <= SUM_ERROR_MAX
            if not (fits and all(0.0 <= share <= 1.0 for share in row)):
                raise _wrong(name, list(row), f"{count} probabilities that add up to 1")
        before = 0.0
        for variance in self.variances:
            if not before < variance < 1e100:
                raise _wrong("variances", list(self.variances), "numbers above 0, rising")
            before = variance


class FitRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model was fitted on, and how well.

    Attributes:
        tape: Digest of the tape.
        book: Number, symbol and venue.
        start_ns: Start of the first bar.
        end_ns: End of the last bar; nothing after it was looked at.
        bars: Bars fitted on.
        unchanged_ppm: Of those, how many had a change of exactly zero.
        seed: Of the starting points.
        restarts: Starting points tried.
        converged: Of those, the ones from which the fit came to rest.
        iterations: Steps of the best one.
        log_likelihood: Of the scaled changes, by this model's own filter.
        fitter: Library and version.
    """

    tape: str
    book: str
    start_ns: int
    end_ns: int
    bars: int
    unchanged_ppm: int
    seed: int
    restarts: int
    converged: int
    iterations: int
    log_likelihood: float
    fitter: str


class RegimeModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file: the model, and what it was fitted on if it was fitted."""

    hmm: HmmParams
    fit: FitRecord | None = None


def parse_model(text: str, where: str) -> RegimeModel:
    """Read a model's TOML.

    Args:
        where: What is being read, for the error's text.

    Raises:
        InputError: It is no TOML, or no model.
    """
    try:
        return msgspec.convert(tomllib.loads(text), RegimeModel)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: found no TOML ({error}), allowed is a regime model") from None
    except msgspec.ValidationError as error:
        raise InputError(f"{where}: {error}; allowed is what `twin regimes fit` writes") from None
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def format_model(model: RegimeModel) -> str:
    """A model as TOML; `parse_model` reads the same numbers back."""
    lines = [_HEAD, *_table("hmm", model.hmm)]
    if model.fit is not None:
        lines += ["\n", *_table("fit", model.fit)]
    return "".join(lines)


def _table(name: str, record: msgspec.Struct) -> Iterator[str]:
    yield f"[{name}]\n"
    for field in record.__struct_fields__:
        yield f"{field} = {_toml(getattr(record, field))}\n"


def _toml(value: object) -> str:
    """A text, a number or a list of them."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_toml(item) for item in value)}]"
    # JSON's texts and Python's shortest numbers are TOML's too.
    return repr(value) if isinstance(value, float) else msgspec.json.encode(value).decode()


def _wrong(name: str, found: object, allowed: str) -> InputError:
    return InputError(f"hmm.{name}: found {found}, allowed is {allowed}")
