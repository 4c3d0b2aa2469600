"""The reference: a list of public names becomes what their docstrings say."""

from __future__ import annotations

import inspect
import re
from types import ModuleType
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import signature, stringify_signature
from traitlets import Bool, Float, HasTraits, Instance, Int, TraitType, Tuple, Unicode

import puzzle_widgets as pw

_LIST = re.compile(r"^```\{public\}\n(?P<names>.*?)^```$", re.MULTILINE | re.DOTALL)
_TYPES = {Bool: "bool", Float: "float", Int: "int", Tuple: "tuple", Unicode: "str"}
# Members that are there for panels to come, not for who uses one.
_INNER = "build, bind, opened, sleep, wake, close, hang, asks, figures, click, describe, can_search"


def names_in(text: str) -> list[str]:
    """The public names that a page lists."""
    return " ".join(found["names"] for found in _LIST.finditer(text)).split()


def read(app: Sphinx, name: str, source: list[str]) -> None:
    """Put directives of autodoc in the place of each list."""
    del app
    if name.startswith("docs/reference/"):
        source[0] = _LIST.sub(lambda found: _documented(found["names"].split()), source[0])


def _documented(names: list[str]) -> str:
    lines = "\n\n".join(directive(f"puzzle_widgets.{name}", getattr(pw, name)) for name in names)
    return f"```{{eval-rst}}\n{lines}\n```"


def directive(name: str, what: Any) -> str:  # noqa: ANN401 - any public name
    """Give the directive that documents a public name."""
    if isinstance(what, ModuleType):
        inner = (directive(f"{name}.{one}", getattr(what, one)) for one in what.__all__)
        return "\n\n".join([f".. py:module:: {name}", *inner])
    if not inspect.isclass(what):
        return f".. auto{'function' if callable(what) else 'data'}:: {name}"
    kind = "exception" if issubclass(what, Exception) else "class"
    return "\n".join([f".. auto{kind}:: {name}", *_options(what)])


def _options(of: type) -> list[str]:
    if not issubclass(of, HasTraits):
        return []
    inherited = ["   :inherited-members: HasTraits"] if of is pw.ExplorerState else []
    return [*inherited, f"   :exclude-members: {_INNER}"]


def add_traits(app: Sphinx, kind: str, name: str, what: Any, _: Any, lines: list[str]) -> None:  # noqa: ANN401 - Sphinx's own
    """Add the traits of ours to the docstring of their class, each with its help."""
    del app, name
    if kind != "class" or not issubclass(what, HasTraits):
        return
    traits = [(one, trait) for one, trait in sorted(what.class_traits().items()) if trait.help]
    ours = [pair for pair in traits if pair[1].this_class.__module__.startswith("puzzle_widgets")]
    if ours:
        lines += ["", "Attributes", "----------"]
        for one, trait in ours:
            lines += [f"{one} : {_type_of(trait)}", f"    {trait.help[0].upper()}{trait.help[1:]}."]


def _type_of(trait: TraitType[Any, Any]) -> str:
    named = trait.klass.__name__ if isinstance(trait, Instance) else ""
    found = f"puzzle_widgets.{named}" if named in pw.__all__ else named or _TYPES[type(trait)]
    return f"{found} or None" if trait.allow_none else found


def keep_colon(app: Sphinx, kind: str, name: str, what: Any, _: Any, lines: list[str]) -> None:  # noqa: ANN401
    """Have napoleon take no part of a property's sentence for its type."""
    del app, name, what
    if kind == "property" and lines:
        lines[0] = f": {lines[0]}"


def sign(app: Sphinx, kind: str, name: str, what: Any, *_: Any) -> tuple[str, str] | None:  # noqa: ANN401
    """Give the signature of what a widget or state is made with; traitlets hides it."""
    del app, name
    if kind != "class" or not issubclass(what, HasTraits):
        return None
    made = signature(what.__init__, bound_method=True)
    return stringify_signature(made, show_return_annotation=False), ""


def skip(app: Sphinx, kind: str, name: str, what: Any, *_: Any) -> bool | None:  # noqa: ANN401
    """Leave out traits, which stand in their class's docstring."""
    del app, kind, name
    return True if isinstance(what, TraitType) else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks, before napoleon's."""
    app.connect("source-read", read)
    app.connect("autodoc-process-docstring", add_traits, priority=100)
    app.connect("autodoc-process-docstring", keep_colon, priority=100)
    app.connect("autodoc-process-signature", sign)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
