"""Arrays as bare pointers.

Between compiled functions an array travels as seven values and its reference count is kept; a
pointer is one register. Measured on the replay loop: 260 ns a message with arrays, 45 with pointers.
Entry points take arrays, because they come from Python; everything below them takes pointers.
Nothing checks an index behind a pointer, so what comes from outside (handles, book ids) is checked
before it becomes one. With NUMBA_DISABLE_JIT=1 the arrays themselves stand in, bounds checks and all.
"""

from typing import Any

from numba import carray, config, njit, types  # type: ignore[attr-defined]  # numba's own name
from numba.extending import intrinsic

from sim.kernels.layout import Words

if config.DISABLE_JIT:  # type: ignore[attr-defined]  # numba fills its config when it starts

    def pointer(array: Words) -> Words:
        """The array itself."""
        return array

    def view(words: Words, offset: int, count: int) -> Words:
        """The `count` words from `offset` on, as an array of their own."""
        return words[offset : offset + count]

else:

    @intrinsic
    def pointer(_typing: Any, array: Any) -> Any:
        """Pointer to the first element of a C-contiguous int64 array."""
        if not (isinstance(array, types.Array) and array.dtype == types.int64):
            return None

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return context.make_array(signature.args[0])(context, builder, args[0]).data

        return types.CPointer(types.int64)(array), codegen

    @intrinsic
    def pointer_to(_typing: Any, words: Any, _offset: Any) -> Any:
        """Pointer to the word at an offset."""

        def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return builder.gep(args[0], [args[1]])

        return types.CPointer(types.int64)(words, types.int64), codegen

    @njit(cache=True)
    def view(words: Words, offset: int, count: int) -> Words:
        """The `count` words from `offset` on, as an array for kernels that take arrays."""
        return carray(pointer_to(words, offset), (count,))  # type: ignore[call-arg]
