"""Who races against us, and where each of them lives.

Peers pin versions of NumPy, pandas and numba that are not ours, so each gets a virtual environment of
its own under the user's cache, made on the first race and kept. A version is part of the folder's
mark: when it changes here, the environment is made anew.
"""

import os
import shutil
import subprocess  # a peer runs in an interpreter of its own
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from market.codes import Depth
from market.errors import InputError

DRIVERS: Final = Path(__file__).parent / "drivers"
MARK: Final = ".installed"
LAST_LINE_CHARS: Final = 200


class Peer(NamedTuple):
    """A system to race against.

    Attributes:
        requirement: What pip installs.
        driver: The script that its interpreter runs.
        depths: The books it can be given.
        fills_note: Why its own order may fill at another time than ours.
    """

    name: str
    requirement: str
    driver: Path
    depths: tuple[Depth, ...]
    fills_note: str


class Competitor(NamedTuple):
    """Somebody who is ready to race."""

    name: str
    python: Path
    driver: Path
    fills_note: str = ""


PEERS: Final = {
    peer.name: peer
    for peer in (
        Peer(
            name="hftbacktest",
            requirement="hftbacktest==2.4.4",
            driver=DRIVERS / "race_hftbacktest.py",
            depths=(Depth.L3, Depth.L2),
            fills_note=(
                "its L3 queue fills an order when one behind it at the same price is hit, "
                "or the book crosses it, ours also when one at a worse price is hit; "
                "on L2 its estimate is not in whole lots"
            ),
        ),
        Peer(
            name="nautilus",
            requirement="nautilus_trader==1.221.0",
            driver=DRIVERS / "race_nautilus.py",
            depths=(Depth.L3, Depth.L2, Depth.L1),
            fills_note="it has no queue: an order fills when the market comes to its price",
        ),
        Peer(
            name="lrvx",
            requirement="lrvx==0.11.*",
            driver=DRIVERS / "race_lrvx.py",
            depths=(Depth.L3, Depth.L2, Depth.L1),
            fills_note="its executor is given prints alone: cancels in front are not seen",
        ),
    )
}


def named_peers(names: str) -> list[Peer]:
    """The peers of a list with commas.

    Raises:
        InputError: One of them is not known.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in PEERS:
            raise InputError(f"--against {name!r}: no such peer, allowed are {', '.join(PEERS)}")
    if not wanted:
        raise InputError(f"--against names nobody, allowed are {', '.join(PEERS)}")
    return [PEERS[name] for name in dict.fromkeys(wanted)]


def ourselves() -> Competitor:
    """This checkout, in a process of its own."""
    return Competitor("ours", Path(sys.executable), DRIVERS / "race_ours.py")


def peers_dir() -> Path:
    """Where the peers' environments lie."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "market-twin" / "peers"


def ready(peer: Peer, note: Callable[[str], None]) -> Competitor:
    """A peer in its environment, which is made when it is not there.

    Raises:
        InputError: It cannot be installed.
    """
    home = peers_dir() / peer.name
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = home / MARK
    made_of = f"{peer.requirement} {sys.version_info[0]}.{sys.version_info[1]}"
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == made_of and python.exists()):
        note(f"installing {peer.requirement} into {home}")
        shutil.rmtree(home, ignore_errors=True)
        _call(peer, [sys.executable, "-m", "venv", str(home)])
        _call(peer, [str(python), "-m", "pip", "install", "--quiet", peer.requirement])
        mark.write_text(made_of, encoding="utf-8")
    return Competitor(peer.name, python, peer.driver, peer.fills_note)


def _call(peer: Peer, command: list[str]) -> None:
    """Run one step of an installation."""
    done = subprocess.run(  # noqa: S603  # every word of it is ours
        command, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = last_line(done.stderr or done.stdout)
        raise InputError(f"{peer.requirement} cannot be installed: {said}")


def last_line(text: str) -> str:
    """The line in which a program says what was wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    return (errors or lines or ["it said nothing"])[-1][:LAST_LINE_CHARS]
