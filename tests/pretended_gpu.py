"""A GPU that is not there, on which one can try whether a program would keep it busy.

Tensors on `cuda` have a shape, a type and a device, but no values (`FakeTensorMode`); tensors on the CPU are real, so
draws and decisions that are made there stay what they are. What would stop or slow down a program on a GPU is an error:

    WrongDevice   tensors of both devices in one operation, which fails there or hides a copy
    Waits         a value read back, or a copy from the CPU that the program waits for

Where a stage may do the latter, it says so with `allowed`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch._subclasses import FakeTensor, FakeTensorMode
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException
from torch.utils._pytree import tree_leaves, tree_map_only

ATEN = torch.ops.aten
COPIES = (ATEN._to_copy.default, ATEN.copy_.default)
INDEXING = (ATEN.index.Tensor, ATEN.index_put.default, ATEN.index_put_.default)


class WrongDevice(AssertionError):
    """Tensors of the CPU and of the GPU met in one operation."""


class Waits(AssertionError):
    """The program would wait for the GPU."""


class PretendedGPU(FakeTensorMode):
    """Inside of it `cuda` can be used as if there were one."""

    def __init__(self) -> None:
        super().__init__(allow_non_fake_inputs=False)
        self._value: float | None = None
        self.waits = 0
        """How many reads and copies the program waited for where that is allowed."""

    @contextmanager
    def allowed(self, value: float = 1.0) -> Iterator[None]:
        """Let the program wait. There is nothing to read: it reads `value`, and every comparison is false."""
        before, self._value = self._value, value
        yield
        self._value = before

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        device = kwargs.get("device")
        there = device is not None and torch.device(device).type == "cuda"
        if func is ATEN._pin_memory.default:
            return args[0]  # there is no memory to pin
        if not there and not any(isinstance(tensor, FakeTensor) for tensor in tensors):
            return func(*args, **kwargs)
        if func in COPIES and (passed := self._copied(func, args, kwargs)) is not None:
            return passed
        if func is ATEN._local_scalar_dense.default:
            value = self._wait("a value is read back")
            return False if args[0].dtype is torch.bool else torch.full((), value, dtype=args[0].dtype).item()
        if func not in COPIES and any(not isinstance(t, FakeTensor) and t.dim() for t in tensors):
            if func not in INDEXING or not isinstance(args[0], FakeTensor):
                raise WrongDevice(f"{func} takes tensors on {sorted({str(t.device) for t in tensors})}")
            self._wait("indices of the CPU are copied to the GPU")
        if (drawn := kwargs.get("generator")) is not None and drawn.device.type != "cuda":
            raise WrongDevice(f"{func} draws on the GPU with a generator of the {drawn.device}")
        args, kwargs = tree_map_only(Tensor, self._without_values, (args, kwargs))
        try:
            return super().__torch_dispatch__(func, types, args, kwargs)
        except (DataDependentOutputException, DynamicOutputShapeException) as error:
            raise Waits(f"{func}: its result decides on the CPU how to go on") from error

    def _copied(self, func: Any, args: Any, kwargs: Any) -> Tensor | None:
        """Return the copy where the program waits for one; None where it is done in the usual way."""
        to_copy = func is ATEN._to_copy.default
        source, device = (args[0], kwargs.get("device", args[0].device)) if to_copy else (args[1], args[0].device)
        if isinstance(source, FakeTensor) and torch.device(device).type == "cpu":
            value = self._wait("a tensor is copied to the CPU")
            kind = kwargs.get("dtype") or source.dtype
            return torch.full(source.shape, value, dtype=kind) if to_copy else args[0].fill_(value)
        waited = not (kwargs.get("non_blocking") if to_copy else len(args) > 2 and args[2])
        if not isinstance(source, FakeTensor) and (to_copy or source.dim()) and waited:
            self._wait("a tensor of the CPU is copied to the GPU, not from pinned memory")
        return None

    def _wait(self, what: str) -> float:
        if self._value is None:
            raise Waits(what)
        self.waits += 1
        return self._value

    def _without_values(self, tensor: Tensor) -> Tensor:
        return tensor if isinstance(tensor, FakeTensor) else self.from_tensor(tensor, static_shapes=True)


@torch.no_grad()
def backward(loss: Tensor) -> None:
    """Add the gradients of a loss to its leaves, node by node.

    PyTorch's own engine asks the driver for its streams, so it cannot go back over a GPU that is not there.
    """
    ready, uses = [loss.grad_fn], defaultdict(int)
    while ready:  # count how many gradients each node gets
        for after, _ in ready.pop().next_functions:
            if after is not None:
                ready += [] if uses[after] else [after]
                uses[after] += 1
    gradients: dict[Any, dict[int, Tensor]] = {loss.grad_fn: {0: torch.ones_like(loss)}}
    ready = [loss.grad_fn]
    while ready:
        node = ready.pop()
        got = gradients.pop(node, {})
        if hasattr(node, "variable"):
            leaf = node.variable
            if got:
                leaf.grad = got[0] if leaf.grad is None else leaf.grad + got[0]
            continue
        given = node(*(got.get(n) for n in range(len(node._input_metadata)))) if got else ()
        given = given if isinstance(given, tuple) else (given,)
        for place, (after, number) in enumerate(node.next_functions):
            if after is None:
                continue
            if place < len(given) and given[place] is not None:
                _add(gradients.setdefault(after, {}), number, given[place], after._input_metadata[number])
            uses[after] -= 1
            ready += [] if uses[after] else [after]


def _add(sums: dict[int, Tensor], number: int, gradient: Tensor, expected: Any) -> None:
    """Add a gradient in the shape and type of what it is the gradient of."""
    if gradient.device != expected.device:
        raise WrongDevice(f"a gradient on {gradient.device} for a tensor on {expected.device}")
    gradient = gradient.sum_to_size(tuple(expected.shape)).to(expected.dtype)
    sums[number] = sums[number] + gradient if number in sums else gradient
