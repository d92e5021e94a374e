"""Faults that any program can have: one comparison, number, word, condition or step changed."""
import ast
import copy

# What is left alone: the protocol around the formats, which is no part of the specification.
SKIPPED = {"main", "reply"}

COMPARE = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}
BINARY = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Add,), ast.FloorDiv: (ast.Mult,), ast.Mod: (ast.Add,),
    ast.LShift: (ast.RShift,), ast.RShift: (ast.LShift,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd, ast.BitXor),
    ast.BitXor: (ast.BitOr,), ast.Pow: (ast.Mult,),
}
# Functions and methods of which a fault is to leave them out.
DROPPED = {"sorted", "set", "list", "bounded", "tidy"}
METHODS = {"lower", "strip", "lstrip", "rstrip", "ljust"}
KINDS = (
    "truncated", "out-of-range", "bad-parameter", "trailing-data", "nonzero-padding", "non-canonical", "duplicate",
    "unsorted", "bad-text", "limit",
)


def changes(node):
    """Each way to change the node, as a new node."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in COMPARE[type(op)]:
                new = copy.copy(node)
                new.ops = node.ops[:i] + [other()] + node.ops[i + 1 :]
                yield new
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        if len(node.values) > 1:
            for i in range(len(node.values)):
                rest = node.values[:i] + node.values[i + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield node.operand
    elif isinstance(node, ast.BinOp):
        for other in BINARY.get(type(node.op), ()):
            yield ast.BinOp(node.left, other(), node.right)
        yield node.left
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield ast.Constant(not node.value)
        elif isinstance(node.value, int):
            yield ast.Constant(node.value + 1)
            if node.value > 0:
                yield ast.Constant(node.value - 1)
        elif node.value in KINDS:
            yield ast.Constant(KINDS[(KINDS.index(node.value) + 1) % len(KINDS)])
        elif isinstance(node.value, str):
            yield ast.Constant("?" + node.value)
        elif isinstance(node.value, bytes):
            yield ast.Constant(node.value + b"?")
    elif isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                new = copy.copy(node)
                setattr(new, bound, None)
                yield new
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in DROPPED and node.args:
            yield node.args[-1] if name == "bounded" else node.args[0]
        if name == "Refused":
            if len(node.args) > 1:
                yield ast.Call(node.func, [node.args[0], ast.BinOp(node.args[1], ast.Add(), ast.Constant(1)), *node.args[2:]], [])
            if len(node.args) > 2:
                yield ast.Call(node.func, [*node.args[:2], ast.Subscript(node.args[2], ast.Slice(None, ast.Constant(-1)), ast.Load())], [])
        if name in ("max", "min"):
            yield from node.args
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            yield node.func.value
        for keyword in node.keywords:
            yield ast.Call(node.func, node.args, [k for k in node.keywords if k is not keyword])


def statements(node):
    """Each way to change a statement, as a new one."""
    if isinstance(node, (ast.Raise, ast.Continue, ast.Break)):
        yield ast.Pass()
    elif isinstance(node, ast.Expr) and not isinstance(node.value, (ast.Constant, ast.Yield)):
        yield ast.Pass()
    elif isinstance(node, ast.AugAssign):
        yield ast.Pass()
    elif isinstance(node, (ast.If, ast.While)):
        for value in (True, False):
            if isinstance(node, ast.While) and value:
                continue
            new = copy.copy(node)
            new.test = ast.Constant(value)
            yield new


def mutants(source):
    """(id, lines, code) of each mutant. The lines are those of the statement that is changed; code() compiles it."""
    tree = ast.parse(source)
    text = source.splitlines()
    seen = {}

    def emit(where, stmt, node, field, index, new, lines):
        old = getattr(node, field)
        before = ast.get_source_segment(source, old if index is None else old[index]) or "?"
        with_ = ast.unparse(ast.fix_missing_locations(copy.deepcopy(new))) if not isinstance(new, ast.Slice) else slice_text(new)
        id = f"{where}: {short(before)} -> {short(with_)}   in {short(text[stmt.lineno - 1].strip(), 90)}"
        seen[id] = seen.get(id, 0) + 1
        if seen[id] > 1:
            id += f" ({seen[id]})"
        right = old if index is None else old[index]

        def code():
            put(node, field, index, new)
            try:
                return compile(ast.fix_missing_locations(tree), "mutant", "exec")
            finally:
                put(node, field, index, right)

        return id, lines, code

    def visit(node, where, stmt):
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "decorator_list", "op", "ops", "ctx"):
                continue
            for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(child, ast.AST) or isinstance(child, (ast.JoinedStr, ast.Import)):
                    continue
                if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                    continue  # a docstring
                inside, at = where, stmt
                if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                    if child.name in SKIPPED:
                        continue
                    inside = f"{where}.{child.name}" if where else child.name
                if isinstance(child, ast.stmt):
                    at = child
                if isinstance(child, ast.stmt) and where == "" and isinstance(child, (ast.Assign, ast.If)):
                    if isinstance(child, ast.If) or child.targets[0].id in ("FORMATS", "OPS"):
                        continue
                if at is not None:
                    last = at.body[0].lineno - 1 if hasattr(at, "body") and at.body else at.end_lineno
                    lines = range(at.lineno, max(last, at.lineno) + 1)
                    made = statements(child) if isinstance(child, ast.stmt) else changes(child)
                    for new in list(made):
                        yield emit(inside or "module", at, node, field, index, new, lines)
                yield from visit(child, inside, at)

    yield from visit(tree, "", None)


def put(node, field, index, new):
    if index is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[index] = new


def slice_text(s):
    return ":".join("" if part is None else ast.unparse(part) for part in (s.lower, s.upper))


def short(s, most=60):
    s = " ".join(s.split())
    return s if len(s) <= most else s[: most - 4] + " ..."
