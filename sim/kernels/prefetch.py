"""Asking for memory before it is needed.

Model: a batch knows its next rows. What they touch lies all over a book that may be larger than the
CPU's near caches, and a branch on a word that has not arrived stalls everything behind it; a line
asked for a few rows earlier has come. It changes no value anywhere. In a book that is all near the
best price it would cost more than it spares, so only wide books are hurried.
"""

from typing import Any

from llvmlite import ir
from numba import config, njit, types
from numba.extending import intrinsic

from sim.kernels.far import far_home
from sim.kernels.layout import (
    L_BASE,
    L_FARK,
    L_FARLV,
    L_FARN,
    L_LV,
    L_SIZE,
    L_WIN,
    LEVEL,
    Words,
)

ROWS_AHEAD = 8
FAR_MANY = 64  # far levels of both sides from which on a book is wide

if config.DISABLE_JIT:  # type: ignore[attr-defined]  # numba fills its config when it starts

    def prefetch(words: Words, index: int) -> None:
        """Nothing: there is nothing to hurry."""

else:

    @intrinsic
    def prefetch(_typing: Any, _words: Any, _index: Any) -> Any:
        """Ask for the cache line of `words[index]`; any index is harmless."""

        def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            address = builder.bitcast(builder.gep(args[0], [args[1]]), ir.IntType(8).as_pointer())
            whole = ir.IntType(32)
            function = builder.module.declare_intrinsic(
                "llvm.prefetch",
                [address.type],
                ir.FunctionType(ir.VoidType(), [address.type, whole, whole, whole]),
            )
            # For writing, to be kept, data.
            builder.call(function, [address, whole(1), whole(3), whole(1)])
            return _context.get_dummy_value()

        return types.void(types.CPointer(types.int64), types.int64), codegen


@njit(cache=True, forceinline=True)
def fetch_level(mem: Words, levels: Words, ld: int, key: int) -> None:
    """Ask for the level at `key`, in the window or far."""
    win = mem[ld + L_WIN]
    distance = key - mem[ld + L_BASE]
    home = far_home(mem, ld, key)
    near = mem[ld + L_LV] + (key & (win - 1))
    far = mem[ld + L_FARLV] + home
    prefetch(levels, (near if (distance & -win) == 0 else far) * LEVEL)
    prefetch(mem, mem[ld + L_FARK] + home)


@njit(cache=True)
def is_wide(mem: Words, first: int) -> bool:
    """Whether the two ladders from `first` on have many far levels."""
    return mem[first + L_FARN] + mem[first + L_SIZE + L_FARN] > FAR_MANY
