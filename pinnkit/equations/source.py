"""The text of an expression as checked tokens, each of which remembers the characters that it came from."""

import ast
import keyword
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from pinnkit.errors import Mistake, Place, UserError

LONGEST = 10_000
DEEPEST = 100
MOST_TOKENS = 2_000
LARGEST = 1e300

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|//|==|<=|>=|!=|[-+*/^()=<>,])"
    r"|(?P<strange>.)",
    re.DOTALL,
)

_PIECE = re.compile(r"[^\W\d]\w*\.\w+")
"""A piece of a boundary behind `on =`: an element of a shape, or a group of facets of a mesh."""

_DOT = "\u02d1"
"""A letter that stands for the dot in such a name."""

_STRANGE = {
    ".": "Nothing in an expression has attributes.",
    "[": "There are no lists and no subscripts; use parentheses.",
    "]": "There are no lists and no subscripts; use parentheses.",
    "{": "Use parentheses.",
    "}": "Use parentheses.",
    '"': "There are no strings.",
    "'": "There are no strings; a derivative is written `u_x` or `d(u, x)`.",
    ":": "There is no assignment and no lambda.",
    "%": "There is no remainder.",
    "·": "Write `*`.",
    "×": "Write `*`.",
    "⋅": "Write `*`.",
    "−": "Write the minus sign of the keyboard, `-`.",
    "≤": "Write `<=`.",
    "≥": "Write `>=`.",
    "√": "Write `sqrt(…)`.",
    "∂": "Write `u_x` or `d(u, x)`.",
    "∇": "Write `laplace(u)`.",
    "²": "Write `^2`.",
    "³": "Write `^3`.",
}


@final
@dataclass(frozen=True)
class Source:
    """A text with its place, able to say what is wrong with some of its characters."""

    text: str
    place: Place | None = None

    def error(self, message: str, span: tuple[int, int], hint: str | None = None) -> UserError:
        """The error that points at the characters of `span`; what no terminal can show is shown as a space."""
        shown = "".join(c if c.isprintable() or c == "\n" else " " for c in self.text)
        return UserError(Mistake(message, self.place, shown, span, hint))


@final
@dataclass(frozen=True)
class Token:
    """A number, a name or a sign, and where it starts and ends in the text."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> tuple[int, int]:
        """Where the token starts and ends in the text."""
        return self.start, self.end


def read_tokens(source: Source, holding: bool = False) -> list[Token]:
    """The tokens of a text whose characters all mean something and whose parentheses close.

    Args:
        source: the text.
        holding: whether `=` may stand inside parentheses, where it holds a coordinate at a value, and only there.

    Raises:
        UserError: a text that is too long or nested too deeply, a character without meaning, a parenthesis too many.
    """
    if len(source.text) > LONGEST:
        start = source.text[:60]
        message = f"an expression has at most {LONGEST} characters; this one has {len(source.text)}"
        raise UserError(Mistake(message, source.place, start + "…", hint="Split it into several equations or fields."))
    tokens: list[Token] = []
    at = 0
    while at < len(source.text):
        piece = _PIECE.match(source.text, at) if holding and [t.text for t in tokens[-2:]] == ["on", "="] else None
        match = piece or _TOKEN.match(source.text, at)
        assert match is not None  # any character is a token, though a strange one
        at = match.end()
        token = Token("piece" if piece else match.lastgroup or "strange", match.group(), *match.span())
        if token.kind == "space":
            continue
        _check_token(source, token)
        tokens.append(token)
    _check_parentheses(source, tokens, holding)
    if len(tokens) > MOST_TOKENS:
        message = f"this expression has {len(tokens)} parts; there may be {MOST_TOKENS}"
        raise source.error(message, tokens[MOST_TOKENS].span, "Split it into several equations or fields.")
    return tokens


def _check_token(source: Source, token: Token) -> None:
    if token.kind == "number":
        _check_number(source, token)
    if token.kind == "strange":
        shown = f"`{token.text}`" if token.text.isprintable() else f"the character with number {ord(token.text)}"
        raise source.error(f"{shown} has no meaning in an expression", token.span, _STRANGE.get(token.text))
    if token.text in ("==", "!="):
        hint = "An equation has a single `=`." if token.text == "==" else None
        raise source.error(f"`{token.text}` has no meaning in an expression", token.span, hint)
    if token.text == "//":
        raise source.error("`//` has no meaning in an expression", token.span, "Write `/`.")
    if token.kind != "name":
        return
    if not token.text.isidentifier():
        wrong = next(i for i in range(1, len(token.text) + 1) if not token.text[:i].isidentifier()) - 1
        at = token.start + wrong
        character = source.text[at]
        raise source.error(f"`{character}` cannot stand in a name", (at, at + 1), _STRANGE.get(character))
    if keyword.iskeyword(token.text):
        hint = "Declared names, numbers and functions are; a choice is `where(a < b, p, q)`."
        raise source.error(f"`{token.text}` is a word of Python and not of equations", token.span, hint)


def _check_number(source: Source, token: Token) -> None:
    value = float(token.text)
    if value >= LARGEST:
        raise source.error(f"this number is too large; the largest is {LARGEST:g}", token.span)
    if value == 0 and any(digit in "123456789" for digit in re.split("[eE]", token.text)[0]):
        raise source.error("this number is too small to be told from zero", token.span)


def _check_parentheses(source: Source, tokens: list[Token], holding: bool) -> None:
    opened: list[Token] = []
    for token in tokens:
        if token.text == "(":
            opened.append(token)
            if len(opened) > DEEPEST:
                raise source.error(f"parentheses are nested at most {DEEPEST} deep", token.span)
        elif token.text == ")":
            if not opened:
                raise source.error("this `)` closes nothing", token.span)
            opened.pop()
        elif token.text == "=" and holding and not opened:
            raise source.error("a single expression is needed here, not an equation", token.span)
        elif token.text == "=" and opened and not holding:
            hint = "`=` stands between the two sides of an equation, outside all parentheses."
            raise source.error("`=` inside parentheses", token.span, hint)
    if opened:
        raise source.error("this `(` is never closed", opened[-1].span)


def split_sides(source: Source, tokens: list[Token]) -> list[list[Token]]:
    """The tokens on either side of the one `=`, or all of them where there is none.

    Raises:
        UserError: a second `=`, or a side with nothing on it.
    """
    at = [i for i, token in enumerate(tokens) if token.text == "="]
    if len(at) > 1:
        raise source.error("an equation has one `=`; this is the second", tokens[at[1]].span)
    if not at:
        return [tokens]
    sides = [tokens[: at[0]], tokens[at[0] + 1 :]]
    for side, word in zip(sides, ("left", "right"), strict=True):
        if not side:
            raise source.error(f"nothing stands {word} of `=`", tokens[at[0]].span)
    return sides


def _check_order(source: Source, tokens: list[Token]) -> None:
    """Operands and operators must take turns; said here, since Python's own words for it are of little help."""
    wanted = True
    before = None
    for token in tokens:
        if token.text == ")" and wanted and before is not None and before.text == "(":
            raise source.error("nothing stands between these parentheses", (before.start, token.end))
        is_operand = token.kind in ("number", "name", "piece") or token.text == "("
        if wanted and not is_operand and token.text not in ("+", "-"):
            raise source.error(f"something is missing before `{token.text}`", token.span)
        if not wanted and is_operand and not (token.text == "(" and before is not None and before.kind == "name"):
            first = before.text if before is not None else ""
            message = f"an operator is missing between `{first}` and `{token.text}`"
            raise source.error(message, token.span, "A product is written with `*`.")
        wanted = token.kind == "sign" and token.text != ")"
        before = token
    if wanted and before is not None:
        raise source.error(f"something is missing after `{before.text}`", before.span)


@final
@dataclass(frozen=True)
class Syntax:
    """Python's syntax tree of one side, and the way back from its columns to the characters of the text."""

    root: ast.expr
    written: str
    origin: tuple[tuple[int, int], ...]

    def span(self, node: ast.expr) -> tuple[int, int]:
        """The characters of the user's text that a node was read from; the tree counts bytes."""
        line = self.written.encode()
        start = len(line[: node.col_offset].decode())
        end = len(line[: node.end_col_offset].decode())
        return self.origin[start][0], self.origin[max(start, end - 1)][1]


def read_syntax(source: Source, tokens: list[Token]) -> Syntax:
    """The syntax tree of some tokens: `^` is a power, line breaks are spaces.

    Raises:
        UserError: no tokens at all, or tokens that make no expression.
    """
    if not tokens:
        raise UserError(Mistake("an empty expression", source.place))
    _check_order(source, tokens)
    pieces = [(_python(token), token) for token in tokens]
    written = " ".join(piece for piece, _ in pieces)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            root = ast.parse(written, mode="eval").body
    except (RecursionError, MemoryError):
        raise source.error("this is nested too deeply", (tokens[0].start, tokens[-1].end)) from None
    except (SyntaxError, ValueError):
        raise source.error("this cannot be read", (tokens[0].start, tokens[-1].end)) from None
    return Syntax(root, written, tuple(_origins(pieces)))


def _python(token: Token) -> str:
    if token.text == "^":
        return "**"
    if token.kind == "piece":
        return as_name(token.text)
    if token.kind == "number" and token.text.isdigit():
        return token.text.lstrip("0") or "0"
    return token.text


def as_name(piece: str) -> str:
    """The name of a piece of a boundary, such as `plate.3`, as one word of Python, as long and with no dot."""
    return piece.replace(".", _DOT)


def as_piece(name: str) -> str:
    """The piece of a boundary that such a word names."""
    return name.replace(_DOT, ".")


def _origins(pieces: list[tuple[str, Token]]) -> Iterator[tuple[int, int]]:
    """The span of the token that every written character, and the space behind each token, belongs to."""
    for piece, token in pieces:
        yield from [token.span] * (len(piece) + 1)
