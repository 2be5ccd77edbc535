"""Two things that numba has no word for.

Sixteen look-ups of a bit at once: LLVM does not turn such a loop into gather instructions by itself, because
it cannot prove that what is written and what is looked up lie apart. The intrinsic says so outright; where a
processor has no gather, LLVM writes loads. And counters that threads share without a lock.
"""

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

LANES = 16
_ITEM, _LONG = ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_ITEM, LANES)
_ADDRESSES = ir.VectorType(ir.PointerType(), LANES)
_ALL = ir.Constant(ir.VectorType(ir.IntType(1), LANES), [True] * LANES)


class _Addresses(ir.Instruction):
    """The addresses base[index] of all lanes; llvmlite's own `gep` knows only one at a time."""

    def __init__(self, builder, base, index):
        super().__init__(builder.block, _ADDRESSES, "getelementptr", [base, index])
        builder._insert(self)

    def descr(self, buffer):
        base, index = self.operands
        buffer.append(
            f"getelementptr i32, ptr {base.get_reference()}, {index.type} {index.get_reference()}\n"
        )


def _splat(value):
    return ir.Constant(_VECTOR, [value] * LANES)


def _address(context, builder, kind, array, at):
    """The address of array[at], to read or write a vector there."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), _VECTOR.as_pointer())


def _gather(builder, base, index):
    kind = ir.FunctionType(_VECTOR, [_ADDRESSES, _ITEM, _ALL.type, _VECTOR])
    function = builder.module.declare_intrinsic("llvm.masked.gather.v16i32.v16p0", fnty=kind)
    return builder.call(
        function, [_Addresses(builder, base, index), _ITEM(4), _ALL, ir.Constant(_VECTOR, ir.Undefined)]
    )


@intrinsic
def count_bits(typing_context, counts, counts_at, index, index_at, words):
    """counts[counts_at + lane] += bit number index[index_at + lane] of words, for 16 lanes.

    All arrays hold 32-bit items, and nothing looks at bounds.
    """

    def code(context, builder, signature, arguments):
        kinds = signature.args
        target = _address(context, builder, kinds[0], *arguments[:2])
        places = builder.load(_address(context, builder, kinds[2], *arguments[2:4]), align=4)
        base = _address(context, builder, kinds[4], arguments[4], _LONG(0))
        word = _gather(builder, base, builder.lshr(places, _splat(5)))
        bit = builder.and_(builder.lshr(word, builder.and_(places, _splat(31))), _splat(1))
        builder.store(builder.add(builder.load(target, align=4), bit), target, align=4)
        return context.get_dummy_value()

    return types.void(counts, types.int64, index, types.int64, words), code


@intrinsic
def add_shared(typing_context, counters, at, amount):
    """counters[at] += amount for many threads, seen with all that was written before it: returns the value
    before. counters: int64[:]; an amount of 0 reads."""

    def code(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), arguments[2], "acq_rel")

    return types.int64(counters, types.int64, types.int64), code


_yield_processor = types.ExternalFunction("sched_yield", types.int32())


@njit(cache=True)
def wait_for(counters, at, amount):
    """Wait until counters[at] has come to amount. Waking a sleeping thread costs more than a week of 10,000
    customers, so it looks again and again, and lets others run in between once that has taken a while."""
    looks = 0
    while add_shared(counters, at, 0) < amount:
        looks += 1
        if looks > 20_000:
            _yield_processor()
