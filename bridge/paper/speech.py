"""Where a person speaks to a session that runs: a port on loopback, for who may read the session's folder.

Model: the process that has a session listens on a free port, and writes port and a token made for this once
into `speech.json`, which its own user alone may read. Who speaks connects, sends one line (the token and the
word), and gets one line back: what came of it, or why it was refused. What a word means is not known here.

Limits: a line is read for at most a few seconds and kilobytes, and a few people may speak at once, so nobody
who merely connects holds up a session.
"""

import asyncio
import contextlib
import hmac
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from market.errors import InputError

SPEECH_FILE: Final = "speech.json"
HOST: Final = "127.0.0.1"
LINE_MAX: Final = 16_384
LINE_S: Final = 5.0
AT_ONCE: Final = 8

Say = Callable[[bytes], Awaitable[dict[str, Any]]]
"""Takes a word; what came of it. Raises `InputError` when it is refused."""


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session listens."""

    port: int
    token: str


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    """One line of who speaks."""

    token: str
    word: msgspec.Raw


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One line back: one of the two."""

    told: dict[str, Any] | None = None
    refused: str = ""


class SpeechPort:
    """Listens until it is stopped.

    Args:
        folder: Of the session.
        say: Takes what is said.
    """

    def __init__(self, folder: Path, say: Say) -> None:
        self._path = folder / SPEECH_FILE
        self._say = say
        self._token = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None
        self._speaking = 0

    async def start(self) -> None:
        """Listen, and say where.

        Raises:
            InputError: There is no port, or the folder takes no file.
        """
        try:
            self._server = await asyncio.start_server(self._serve, HOST, 0, limit=LINE_MAX)
            port = self._server.sockets[0].getsockname()[1]
            self._write(msgspec.json.encode(_Place(port=port, token=self._token)))
        except OSError as error:
            await self.stop()
            raise InputError(
                f"{self._path}: found {error.strerror or error}, allowed is a free port on {HOST} and a "
                "folder that can be written"
            ) from None

    async def stop(self) -> None:
        """Close the port, and forget where it was.

        Raises:
            InputError: The folder does not let go of the file.
        """
        if self._server is None:
            return
        self._server.close()
        self._server = None
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(
                f"{self._path}: found {error.strerror or error}, allowed is a folder whose files can be "
                "removed; it tells of a port that is closed"
            ) from None

    def _write(self, content: bytes) -> None:
        """Nobody else may read it, not even for a moment; a killed process may have left one."""
        self._path.unlink(missing_ok=True)
        handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear one. What breaks here is ours: asyncio tells it, and who spoke is hung up on."""
        self._speaking += 1
        try:
            line = await _line(reader) if self._speaking <= AT_ONCE else b""
            if line:
                await _reply(writer, await self._answer(line))
        finally:
            self._speaking -= 1
            writer.close()

    async def _answer(self, line: bytes) -> _Answer:
        try:
            request = msgspec.json.decode(line, type=_Request)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return _Answer(
                refused="found no word, allowed is a token and a word in one line of JSON"
            )
        if not hmac.compare_digest(request.token.encode(), self._token.encode()):
            return _Answer(refused="found another token, allowed is that of this session")
        try:
            return _Answer(told=await self._say(bytes(request.word)))
        except InputError as error:
            return _Answer(refused=str(error))


async def _line(reader: asyncio.StreamReader) -> bytes:
    """What somebody says; nothing of who leaves, is silent or does not end."""
    try:
        return await asyncio.wait_for(reader.readline(), LINE_S)
    except (OSError, TimeoutError, ValueError):
        return b""


async def _reply(writer: asyncio.StreamWriter, answer: _Answer) -> None:
    """Answer who is still there: whoever has left knows that a word may have been taken."""
    writer.write(msgspec.json.encode(answer) + b"\n")
    with contextlib.suppress(OSError, TimeoutError):
        await asyncio.wait_for(writer.drain(), LINE_S)


def speak_to(folder: Path, word: bytes, seconds: float) -> dict[str, Any]:
    """Say a word to the session in a folder; what came of it.

    Args:
        folder: Of the session.
        word: As JSON, in one line.
        seconds: How long to wait for its answer.

    Raises:
        InputError: No process has the session, or it refuses the word.
    """
    path = folder / SPEECH_FILE
    try:
        place = msgspec.json.decode(path.read_bytes(), type=_Place)
    except FileNotFoundError:
        raise InputError(
            f"{folder}: found no session that runs, allowed is one that does"
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(
            f"{path}: found {error}, allowed is what a running session wrote"
        ) from None
    line = msgspec.json.encode(_Request(token=place.token, word=msgspec.Raw(word))) + b"\n"
    try:
        with socket.create_connection((HOST, place.port), timeout=seconds) as connection:
            connection.sendall(line)
            said = connection.makefile("rb").readline(1 << 20)
    except ConnectionRefusedError:
        raise InputError(
            f"{folder}: found a session whose process was killed, allowed is one that runs"
        ) from None
    except OSError as error:
        raise InputError(_unanswered(folder, str(error))) from None
    try:
        answer = msgspec.json.decode(said, type=_Answer)
    except msgspec.MsgspecError:
        raise InputError(_unanswered(folder, "it hung up")) from None
    if answer.told is None:
        raise InputError(answer.refused)
    return answer.told


def _unanswered(folder: Path, why: str) -> str:
    return (
        f"{folder}: found no answer ({why}), so nobody knows whether the word was taken; "
        "what was, stands in its entries"
    )
