"""A planted bug is in what a process runs, and nowhere else."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.mutants import Mutant, mutant_named, zoo
from chaos.planting import plant, planted_code, planted_names
from market.errors import InputError

ROOT = Path(__file__).resolve().parents[3]


def in_a_fresh_process(code: str, **environment: str) -> str:
    """What a program prints that plants something first."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("mutant", zoo(), ids=lambda one: one.name)
def test_every_bug_still_has_its_place_and_compiles(mutant: Mutant) -> None:
    spec = importlib.util.find_spec(mutant.module)
    assert spec is not None
    assert spec.origin is not None
    clean = compile(Path(spec.origin).read_text("utf-8"), spec.origin, "exec")
    assert planted_code(mutant, Path(spec.origin)) != clean


def test_a_bug_is_in_the_process_that_it_is_planted_in_and_on_no_disk() -> None:
    told = """
from chaos.planting import plant
plant("age_counts_from_arrival")
from desk.feed import Feed
from tests.unit.chaos.views import late_is_old
print(late_is_old(Feed(1, 10)))
"""
    clean = told.replace('plant("age_counts_from_arrival")', "")
    assert in_a_fresh_process(told) == "False"
    # Byte code that an import has written must not carry the bug into another process.
    assert in_a_fresh_process(clean) == "True"
    assert in_a_fresh_process(told) == "False"


def test_a_planted_run_has_another_identity() -> None:
    code = """
import sys
from chaos.planting import plant
if sys.argv[1:]:
    plant(sys.argv[1])
from scenarios.identity import code_digest
print(code_digest())
"""
    say = [sys.executable, "-c", code]
    told = [
        subprocess.run([*say, *names], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for names in ([], ["fees_not_in_cash"], ["limits_let_any_position_grow"])
    ]
    assert len(set(told)) == 3
    assert told[1].strip() == f"{told[0].strip()}+fees_not_in_cash"


def test_a_module_that_is_imported_already_takes_no_bug() -> None:
    importlib.import_module("desk.feed")
    with pytest.raises(InputError, match=r"found desk\.feed imported, allowed is a fresh process"):
        plant("age_counts_from_arrival")
    assert planted_names() == []


def test_one_process_takes_one_bug() -> None:
    told = in_a_fresh_process("""
from chaos.planting import plant
from market.errors import InputError
plant("fees_not_in_cash")
try:
    plant("limits_let_any_position_grow")
except InputError as error:
    print(error)
""")
    assert "found fees_not_in_cash planted already" in told


def test_a_place_that_is_gone_or_there_twice_is_refused() -> None:
    one = Mutant(
        name="one",
        module="desk.feed",
        before="a = 1",
        after="a = 2",
        danger="none",
        invariants=["I-POS-1"],
        drills=["any"],
    )
    assert one.planted_in("b = 1\na = 1\n") == "b = 1\na = 2\n"
    with pytest.raises(InputError, match="found its place 0 times"):
        one.planted_in("b = 1")
    with pytest.raises(InputError, match="found its place 2 times"):
        one.planted_in("a = 1\na = 1\n")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("module", "sim.kernels.replay", "found module 'sim.kernels.replay'"),
        ("module", "chaos.drill", "found module 'chaos.drill'"),
        ("after", "a = 1", "changes nothing"),
        ("drills", [], "drills is empty"),
    ],
)
def test_what_cannot_be_a_bug_is_refused(field: str, value: object, said: str) -> None:
    fields: dict[str, object] = {
        "name": "one",
        "module": "desk.feed",
        "before": "a = 1",
        "after": "a = 2",
        "danger": "none",
        "invariants": ["I-POS-1"],
        "drills": ["any"],
    }
    with pytest.raises(InputError, match=said):
        Mutant(**{**fields, field: value})  # type: ignore[arg-type]


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="found 'no_such', allowed is"):
        mutant_named("no_such")


def worker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a worker process says."""
    return subprocess.run(
        [sys.executable, "-m", "chaos.worker", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_worker_says_what_it_runs() -> None:
    done = worker("--planted", "fees_not_in_cash")
    told = json.loads(done.stdout)
    assert (told["planted"], told["module"]) == ("fees_not_in_cash", "desk.ledger.ledger")
    assert told["code_digest"].endswith("+fees_not_in_cash")


def test_a_worker_refuses_a_name_that_is_none() -> None:
    done = worker("--planted", "no_such")
    assert (done.returncode, done.stdout) == (2, "")
    assert "found 'no_such', allowed is" in done.stderr
