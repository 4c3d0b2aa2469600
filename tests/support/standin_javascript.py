"""What a browser's Python imports as ``js``, as far as the kernel asks for it, by wasmtime."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import wasmtime


class _Bytes:
    """A Uint8Array: bytes of its own, or a part of a memory."""

    def __init__(self, memory: Any, address: int = 0, count: int = 0) -> None:
        self.own = bytearray(memory) if isinstance(memory, int) else None
        self.memory, self.address, self.count = memory, address, count

    def assign(self, content: bytes) -> None:
        if self.own is not None:
            self.own[:] = content
            return
        assert len(content) == self.count
        self.memory.whole.write(self.memory.store, content, self.address)

    def to_bytes(self) -> bytes:
        end = self.address + self.count
        return bytes(self.memory.whole.read(self.memory.store, self.address, end))


class _Buffer:
    """An ArrayBuffer of a memory, as long as it is now."""

    def __init__(self, store: wasmtime.Store, whole: wasmtime.Memory) -> None:
        self.store, self.whole = store, whole

    @property
    def byteLength(self) -> int:  # noqa: N802 - JavaScript's name
        return self.whole.data_len(self.store)


class _Exports:
    """Functions of an instance, and its memory."""

    def __init__(self, store: wasmtime.Store, instance: wasmtime.Instance) -> None:
        self._store, self._all = store, instance.exports(store)

    def __getattr__(self, name: str) -> Any:
        found: Any = self._all[name]
        if isinstance(found, wasmtime.Memory):
            return SimpleNamespace(buffer=_Buffer(self._store, found))
        return lambda *arguments: found(self._store, *arguments)


class StandInForJavaScript(ModuleType):
    """The module ``js``."""

    def __init__(self) -> None:
        super().__init__("js")
        self._store = wasmtime.Store()
        self.Uint8Array = SimpleNamespace(new=_Bytes)
        self.WebAssembly = SimpleNamespace(
            Module=SimpleNamespace(new=self._module), Instance=SimpleNamespace(new=self._instance)
        )

    def _module(self, code: _Bytes) -> wasmtime.Module:
        return wasmtime.Module(self._store.engine, bytes(code.own or b""))

    def _instance(self, module: wasmtime.Module) -> SimpleNamespace:
        instance = wasmtime.Instance(self._store, module, [])
        return SimpleNamespace(exports=_Exports(self._store, instance))
