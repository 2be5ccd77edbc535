"""Sixteen look-ups at once.

LLVM does not turn `out[i] = table[index[i]]` into gather instructions by itself: it cannot prove that `out`
and `table` lie apart. These two intrinsics say so outright. Where a processor has no gather, LLVM writes
loads. All items are 32 bits wide, and nothing looks at bounds.
"""

from llvmlite import ir
from numba import types
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


def _unpack(context, builder, signature, arguments):
    out, out_at, index, index_at, table = arguments
    kinds = signature.args
    target = _address(context, builder, kinds[0], out, out_at)
    source = _address(context, builder, kinds[2], index, index_at)
    places = builder.load(source, align=4)
    return target, places, _address(context, builder, kinds[4], table, _LONG(0))


@intrinsic
def look_up(typing_context, out, out_at, index, index_at, table):
    """out[out_at + lane] = table[index[index_at + lane]] for 16 lanes, 0 <= index < 2^31."""

    def code(context, builder, signature, arguments):
        target, places, base = _unpack(context, builder, signature, arguments)
        builder.store(_gather(builder, base, places), target, align=4)
        return context.get_dummy_value()

    return types.void(out, types.int64, index, types.int64, table), code


@intrinsic
def count_bits(typing_context, counts, counts_at, index, index_at, words):
    """counts[counts_at + lane] += bit number index[index_at + lane] of words, for 16 lanes."""

    def code(context, builder, signature, arguments):
        target, places, base = _unpack(context, builder, signature, arguments)
        word = _gather(builder, base, builder.lshr(places, _splat(5)))
        bit = builder.and_(builder.lshr(word, builder.and_(places, _splat(31))), _splat(1))
        builder.store(builder.add(builder.load(target, align=4), bit), target, align=4)
        return context.get_dummy_value()

    return types.void(counts, types.int64, index, types.int64, words), code
