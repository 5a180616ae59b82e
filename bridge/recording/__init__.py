"""Recordings: everything that a feed was told, as raw bytes, appended, compressed, chained by hashes.

`LogWriter` writes one, a `Recorder` stamps what goes into it, `read_log` and `LogReader` read it back;
what a crash cut off is told from damage.
"""

from bridge.recording.form import SUFFIX, Entry
from bridge.recording.read import LogReader, read_log
from bridge.recording.recorder import LOST, Recorder
from bridge.recording.write import LogFile, LogWriter

__all__ = ["LOST", "SUFFIX", "Entry", "LogFile", "LogReader", "LogWriter", "Recorder", "read_log"]
