"""Who may speak to a running session, and what becomes of those who may not."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.paper import speech
from bridge.paper.speech import LINE_MAX, SPEECH_FILE, SpeechPort, speak_to
from market.errors import InputError

WORD = b'{"action":"KILL"}'


class Heard:
    """Takes words, and refuses one of them."""

    def __init__(self) -> None:
        self.words: list[bytes] = []

    async def say(self, word: bytes) -> dict[str, Any]:
        if word == b'"no"':
            raise InputError("word: found no, allowed is yes")
        self.words.append(word)
        return {"stamp_ns": 1 << 60}


def listening(folder: Path, act: Callable[[Path], Awaitable[Any]]) -> tuple[Heard, Any]:
    """What somebody gets who does something while a session listens."""
    heard = Heard()

    async def run() -> Any:
        port = SpeechPort(folder, heard.say)
        await port.start()
        try:
            return await act(folder)
        finally:
            await port.stop()

    return heard, asyncio.run(run())


def asked(word: bytes) -> Callable[[Path], Awaitable[Any]]:
    return lambda folder: asyncio.to_thread(speak_to, folder, word, 5.0)


async def sent(folder: Path, line: bytes) -> bytes:
    port = json.loads((folder / SPEECH_FILE).read_bytes())["port"]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line)
    try:
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionResetError:  # it hung up on what it had not read
        return b""
    finally:
        writer.close()


def test_a_word_is_taken_as_it_was_said_and_answered(tmp_path: Path) -> None:
    heard, told = listening(tmp_path, asked(WORD))
    assert heard.words == [WORD]
    assert told == {"stamp_ns": 1 << 60}


def test_what_is_refused_is_told_to_who_said_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no, allowed is yes"):
        listening(tmp_path, asked(b'"no"'))


def test_where_it_listens_is_for_its_own_user_and_only_while_it_does(tmp_path: Path) -> None:
    (tmp_path / SPEECH_FILE).write_text("of a process that was killed")

    async def mode(folder: Path) -> int:
        return stat.S_IMODE((folder / SPEECH_FILE).stat().st_mode)

    _, found = listening(tmp_path, mode)
    assert found == 0o600
    assert not (tmp_path / SPEECH_FILE).exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"token":"another","word":{"action":"KILL"}}\n', "another token"),
        (b'{"token":"\xc3\xa9","word":{}}\n', "another token"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "found no word"),
        (b"\xff\xfe\n", "found no word"),
        (b'{"token":3}\n', "found no word"),
        (b"\n", "found no word"),
        (b"x" * (2 * LINE_MAX), ""),
    ],
)
def test_who_has_no_token_is_not_heard(tmp_path: Path, line: bytes, said: str) -> None:
    heard, found = listening(tmp_path, lambda folder: sent(folder, line))
    assert heard.words == []
    assert said in (json.loads(found)["refused"] if found else "")


def test_who_connects_and_is_silent_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "LINE_S", 0.3)

    async def crowd(folder: Path) -> list[bytes]:
        port = json.loads((folder / SPEECH_FILE).read_bytes())["port"]
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(speech.AT_ONCE)]
        await asyncio.sleep(0.1)
        one_more = await sent(folder, b"{}\n")
        ends = [await asyncio.wait_for(reader.read(), 5) for reader, _ in silent]
        for _, writer in silent:
            writer.close()
        assert await asked(WORD)(folder)
        return [one_more, *ends]

    heard, found = listening(tmp_path, crowd)
    assert found == [b""] * (speech.AT_ONCE + 1)
    assert heard.words == [WORD]


def test_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no session that runs"):
        speak_to(tmp_path, WORD, 1.0)
    path = tmp_path / SPEECH_FILE
    path.write_text('{"port":1,"token":"x"}')
    with pytest.raises(InputError, match="whose process was killed"):
        speak_to(tmp_path, WORD, 1.0)
    path.write_text("{")
    with pytest.raises(InputError, match=r"speech\.json: found"):
        speak_to(tmp_path, WORD, 1.0)


def test_a_session_that_ends_before_it_answers_leaves_a_doubt_that_is_told(tmp_path: Path) -> None:
    async def hangs_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(hangs_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        (tmp_path / SPEECH_FILE).write_text(json.dumps({"port": port, "token": "x"}))
        async with server:
            with pytest.raises(InputError, match="nobody knows whether the word was taken"):
                await asked(WORD)(tmp_path)

    asyncio.run(run())


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder that can be written"):
        listening(tmp_path / "gone", asked(WORD))


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("a disk"), TimeoutError()])
def test_what_breaks_while_a_word_is_taken_is_not_passed_over(
    tmp_path: Path, error: Exception
) -> None:
    told: list[dict[str, Any]] = []

    async def breaks(_word: bytes) -> dict[str, Any]:
        raise error

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        port = SpeechPort(tmp_path, breaks)
        await port.start()
        with pytest.raises(InputError, match="nobody knows whether the word was taken"):
            await asked(WORD)(tmp_path)
        await port.stop()

    asyncio.run(run())
    assert [one["exception"] for one in told] == [error]


def test_a_place_that_stays_behind_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    async def run() -> None:
        port = SpeechPort(tmp_path, Heard().say)
        await port.start()
        monkeypatch.setattr(Path, "unlink", refuses)
        with pytest.raises(InputError, match="found Permission denied, allowed is a folder"):
            await port.stop()

    asyncio.run(run())
