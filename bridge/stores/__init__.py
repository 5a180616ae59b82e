"""Stores: what must outlive the process.

`FileWriter` appends a journal to a file and makes it durable; `map_file` lets a reader see one
without loading it; `read_head` finds what is kept beside it.
"""

from bridge.stores.file import FileWriter, map_file
from bridge.stores.replace import head_path, read_head, replace_file

__all__ = ["FileWriter", "head_path", "map_file", "read_head", "replace_file"]
