"""Vectors for compiled code: one number for each lane, whatever the processor makes of them.

What is here becomes instructions where `kernels` uses it. LLVM divides a vector into as many
registers as the processor needs.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

__all__ = [
    "LANES",
    "Vector",
    "any_less",
    "copy_bytes",
    "larger",
    "less",
    "load",
    "load_turned",
    "log2",
    "nearest",
    "root",
    "single",
    "smaller",
    "spread",
    "store",
    "store_bytes",
]

LANES = 16
"""How many frames are computed at once."""

_FAST = ("contract", "nsz")
_INT = ir.IntType(32)
_INTS = ir.VectorType(_INT, LANES)
_BYTES = ir.VectorType(ir.IntType(8), LANES)
# log2(1 + x) for x from 0 to 1, to a few millionths.
_LOG2 = np.polynomial.Chebyshev.interpolate(lambda x: np.log2(1.0 + x), 6, [0.0, 1.0])
_LOG2_TERMS = _LOG2.convert(kind=np.polynomial.Polynomial).coef[::-1].tolist()


class Vector(types.Type):  # type: ignore[misc]
    """The type of one number for each lane."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype})")


def _llvm(dtype: types.Float) -> ir.VectorType:
    return ir.VectorType(ir.FloatType() if dtype == types.float32 else ir.DoubleType(), LANES)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Vector) -> None:
        super().__init__(dmm, fe_type, _llvm(fe_type.dtype))


def _operator(function: Any, name: str) -> None:
    """Make an operator that combines vectors lane by lane."""

    @type_callable(function)
    def typed(context: Any) -> Any:
        return lambda a, b: a if isinstance(a, Vector) and a == b else None

    @lower_builtin(function, Vector, Vector)
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return getattr(builder, name)(*args, flags=_FAST)


_operator(operator.add, "fadd")
_operator(operator.sub, "fsub")
_operator(operator.mul, "fmul")
_operator(operator.truediv, "fdiv")

_SINGLE = Vector(types.float32)
_SINGLES = _llvm(types.float32)


def _constant(kind: ir.VectorType, number: float) -> ir.Constant:
    return ir.Constant(kind, [number] * LANES)


def _place(context: Any, builder: Any, kind: Any, item: Any, to: Any) -> Any:
    """Return a pointer to an item, given by array and index, of a contiguous array, and on."""
    data = context.make_array(kind)(context, builder, item[0]).data
    return builder.bitcast(builder.gep(data, [item[1]]), to.as_pointer())


def _in_lanes(name: str) -> Any:
    """Make a function of a vector of float32 of one of LLVM's."""

    @intrinsic
    def function(typing: Any, vector: Any) -> Any:
        def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = ir.FunctionType(_SINGLES, [_SINGLES])
            called = f"{name}.v{LANES}f32"
            return builder.call(cgutils.get_or_insert_function(builder.module, kind, called), args)

        return _SINGLE(_SINGLE), lowered

    return function


root = _in_lanes("llvm.sqrt")
nearest = _in_lanes("llvm.rint")


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """Return the items of an array from an index on."""
    vector = Vector(array.dtype)

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        place = _place(context, builder, kind, args, _llvm(kind.dtype))
        return builder.load(place, align=kind.dtype.bitwidth // 8)

    return vector(array, types.intp), lowered


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Put numbers in an array from an index on."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        place = _place(context, builder, kind, args[:2], _llvm(kind.dtype))
        builder.store(args[2], place, align=kind.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), lowered


@intrinsic
def store_bytes(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Put whole parts from 0 to 255 in an array of bytes from an index on."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature.args[0], args[:2], _BYTES)
        whole = builder.trunc(builder.fptosi(args[2], _INTS), _BYTES)
        builder.store(whole, place, align=1)
        return context.get_dummy_value()

    return types.void(array, types.intp, _SINGLE), lowered


@intrinsic
def copy_bytes(typing: Any, source: Any, first: Any, target: Any, second: Any) -> Any:
    """Copy as many bytes as there are lanes."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        source = _place(context, builder, kinds[0], args[:2], _BYTES)
        target = _place(context, builder, kinds[2], args[2:], _BYTES)
        builder.store(builder.load(source, align=1), target, align=1)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp), lowered


@intrinsic
def spread(typing: Any, number: Any) -> Any:
    """Return a number in every lane."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = _llvm(number)
        unknown = ir.Constant(kind, ir.Undefined)
        one = builder.insert_element(unknown, args[0], ir.Constant(_INT, 0))
        return builder.shuffle_vector(one, unknown, _constant(_INTS, 0))

    return Vector(number)(number), lowered


@intrinsic
def single(typing: Any, vector: Any) -> Any:
    """Return numbers in float32."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return args[0] if vector == _SINGLE else builder.fptrunc(args[0], _SINGLES)

    return _SINGLE(vector), lowered


def _choice(sign: str) -> Any:
    """Make a function that chooses of two vectors, lane by lane; of NaN, the second."""

    @intrinsic
    def function(typing: Any, a: Any, b: Any) -> Any:
        def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.select(builder.fcmp_ordered(sign, *args), *args)

        return _SINGLE(_SINGLE, _SINGLE), lowered

    return function


larger = _choice(">")
smaller = _choice("<")


@intrinsic
def less(typing: Any, a: Any, b: Any) -> Any:
    """Return 1 where a number is less than another, and 0 elsewhere."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.uitofp(builder.fcmp_ordered("<", *args), _SINGLES)

    return _SINGLE(_SINGLE, _SINGLE), lowered


@intrinsic
def any_less(typing: Any, a: Any, b: Any) -> Any:
    """Return whether a number is less than another in any lane."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = builder.bitcast(builder.fcmp_ordered("<", *args), ir.IntType(LANES))
        return builder.icmp_unsigned("!=", found, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(_SINGLE, _SINGLE), lowered


@intrinsic
def log2(typing: Any, vector: Any) -> Any:
    """Return the logarithm to the base of 2 of numbers above 0 that are no denormals."""

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], _INTS)
        exponent = builder.sub(builder.lshr(bits, _constant(_INTS, 23)), _constant(_INTS, 127))
        mantissa = builder.and_(bits, _constant(_INTS, 0x7FFFFF))
        mantissa = builder.bitcast(builder.or_(mantissa, _constant(_INTS, 0x3F800000)), _SINGLES)
        x = builder.fsub(mantissa, _constant(_SINGLES, 1.0))
        sum_ = _constant(_SINGLES, _LOG2_TERMS[0])
        for term in _LOG2_TERMS[1:]:
            product = builder.fmul(sum_, x, flags=_FAST)
            sum_ = builder.fadd(product, _constant(_SINGLES, term), flags=_FAST)
        return builder.fadd(sum_, builder.sitofp(exponent, _SINGLES), flags=_FAST)

    return _SINGLE(_SINGLE), lowered


@intrinsic
def load_turned(
    typing: Any, samples: Any, starts: Any, first: Any, at: Any, window: Any, re: Any, im: Any
) -> Any:
    """Put windowed samples of frames, as many of each as there are lanes, frame by lane.

    The memory of the samples is given by its address, the frames by where they start in it.
    Samples at even places go to `re`, the others to `im`.
    """
    dtype = re.dtype

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds, kind = signature.args, _llvm(dtype)
        size = ir.Constant(args[0].type, 4)
        factor = builder.load(_place(context, builder, kinds[4], (args[4], args[3]), kind), align=4)
        rows = []
        for lane in range(LANES):
            index = builder.add(args[2], ir.Constant(args[2].type, lane))
            start = _place(context, builder, kinds[1], (args[1], index), args[3].type)
            sample = builder.mul(builder.add(builder.load(start), args[3]), size)
            pointer = builder.inttoptr(builder.add(args[0], sample), _SINGLES.as_pointer())
            row = builder.load(pointer, align=4)
            row = row if dtype == types.float32 else builder.fpext(row, kind)
            rows.append(builder.fmul(row, factor))
        for step in (1 << bit for bit in range(LANES.bit_length() - 1)):
            low = [k if not k & step else LANES + k - step for k in range(LANES)]
            high = [k + step if not k & step else LANES + k for k in range(LANES)]
            for i in (i for i in range(LANES) if not i & step):
                pair = rows[i], rows[i + step]
                rows[i] = builder.shuffle_vector(*pair, ir.Constant(_INTS, low))
                rows[i + step] = builder.shuffle_vector(*pair, ir.Constant(_INTS, high))
        begin = builder.mul(args[3], ir.Constant(args[3].type, LANES // 2))
        for i, row in enumerate(rows):
            index = builder.add(begin, ir.Constant(begin.type, i // 2 * LANES))
            place = _place(context, builder, kinds[5 + i % 2], (args[5 + i % 2], index), kind)
            builder.store(row, place, align=4)
        return context.get_dummy_value()

    return types.void(types.intp, starts, types.intp, types.intp, window, re, im), lowered
