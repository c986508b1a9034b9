"""Responsible for what goes into the wheel: modules that no program imports by name leave comments, docstrings and inner types in the repository.

What programs use keeps every word, for ``help()`` and for type checkers.
"""

import ast
import io
import os
import re
import shutil
import tokenize
import zipfile

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = os.path.join("src", "modelreins_worker")
#: Modules with public names (`__init__.py` re-exports them), and the marker of typed packages.
SPOKEN = {
    "__init__.py",
    "_artifacts.py",
    "_client.py",
    "_errors.py",
    "_record.py",
    "_stream.py",
    os.path.join("_classify", "__init__.py"),
    os.path.join("_generated", "models.py"),
    os.path.join("_generated", "operations.py"),
    os.path.join("_worker", "command.py"),
    os.path.join("_worker", "context.py"),
    os.path.join("_worker", "direct.py"),
    os.path.join("_worker", "worker.py"),
}


def comments_in(source, lines):
    """Yield the ranges of comments, in bytes as the syntax tree counts them."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            start = len(lines[row - 1][:column].encode())
            yield (row, start), (row, start + len(token.string.encode())), ""


def docstrings_in(tree, spoken):
    """Yield the ranges of docstrings: of all names, or only of private ones."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node, clean=False):
            said = node.body[0].value
            if not spoken or getattr(node, "name", "").startswith("_"):
                yield (said.lineno, said.col_offset), (said.end_lineno, said.end_col_offset), '""'


def annotations_in(tree, lines):
    """Yield the ranges of type annotations of arguments, results and local names; those of class fields are kept."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        for one in every:
            if one is not None and one.annotation is not None:
                end = one.annotation
                yield (one.lineno, one.col_offset + len(one.arg.encode())), (end.end_lineno, end.end_col_offset), ""
        if node.returns is not None:
            row = node.returns.lineno
            arrow = lines[row - 1].encode()[: node.returns.col_offset].rindex(b"->")
            yield (row, arrow - 1), (node.returns.end_lineno, node.returns.end_col_offset), ""
        for inner in ast.walk(node):
            if isinstance(inner, ast.AnnAssign) and inner.value is not None:
                end = inner.annotation
                yield (inner.target.end_lineno, inner.target.end_col_offset), (end.end_lineno, end.end_col_offset), ""


def narrowed(source):
    """Return a module with one blank of indentation instead of four; unchanged if that would alter a multi-line text."""
    made = re.sub(r"^ +", lambda blanks: " " * (len(blanks.group()) // 4), source, flags=re.MULTILINE)
    return made if ast.dump(ast.parse(made)) == ast.dump(ast.parse(source)) else source


def shortened(source, spoken):
    """Return a module without text that only readers of the repository need."""
    lines = source.splitlines(keepends=True)
    tree = ast.parse(source)
    drop = {*comments_in(source, lines), *docstrings_in(tree, spoken), *(() if spoken else annotations_in(tree, lines))}
    for (row, column), (end_row, end_column), instead in sorted(drop, reverse=True):
        head, tail = lines[row - 1].encode()[:column].decode(), lines[end_row - 1].encode()[end_column:].decode()
        lines[row - 1 : end_row] = [head + instead + tail, *["\n"] * (end_row - row)]
    made = "".join(f"{line.rstrip()}\n" for line in lines if spoken or line.strip())
    # The result must still compile.
    compile(made, "shortened", "exec")
    return made if spoken else narrowed(made)


class Words(BuildHookInterface):
    """Leaves text out of the wheel that only readers of the repository need."""

    def initialize(self, version, build_data):
        """Replace the modules by the shorter ones; editable installs are unchanged."""
        if self.target_name != "wheel" or version == "editable":
            return
        out = os.path.join(self.directory, ".words")
        for folder, _, names in os.walk(os.path.join(self.root, PACKAGE)):
            for name in names:
                path = os.path.join(folder, name)
                inside = os.path.relpath(path, os.path.join(self.root, PACKAGE))
                if not name.endswith(".py") or "__pycache__" in inside:
                    continue
                target = os.path.join(out, inside)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(path, encoding="utf-8") as source, open(target, "w", encoding="utf-8") as shorter:
                    shorter.write(shortened(source.read(), inside in SPOKEN))
                build_data["force_include"][target] = os.path.join("modelreins_worker", inside)

    def finalize(self, version, build_data, artifact_path):
        """Compress the wheel again at the highest level."""
        if self.target_name != "wheel" or version == "editable":
            return
        shutil.rmtree(os.path.join(self.directory, ".words"), ignore_errors=True)
        small = f"{artifact_path}.small"
        with zipfile.ZipFile(artifact_path) as wheel, zipfile.ZipFile(small, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as smaller:
            for entry in wheel.infolist():
                kept = zipfile.ZipInfo(entry.filename, entry.date_time)
                kept.external_attr, kept.compress_type = entry.external_attr, zipfile.ZIP_DEFLATED
                smaller.writestr(kept, wheel.read(entry.filename), compresslevel=9)
        os.replace(small, artifact_path)
