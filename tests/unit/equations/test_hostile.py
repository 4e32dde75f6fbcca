"""Whatever is typed, the answer is a sentence with a caret, at once: never a traceback, a warning or a long wait."""

import time

import pytest

from pinnkit.equations import Scope, parse_equation
from pinnkit.errors import UserError

SCOPE = Scope(("x", "t", "theta"), ("u", "v"), ("nu", "ν"), time="t")

# The text, a part of the message, and the characters above the carets.
REFUSED = [
    ("", "an empty expression", None),
    (" \n ", "an empty expression", None),
    ("u.x", "`.` has no meaning", "."),
    ("().__class__.__base__.__subclasses__()", "`.` has no meaning", "."),
    ("__import__('os').system('ls')", "`'` has no meaning", "'"),
    ("u[0]", "`[` has no meaning", "["),
    ("[u for u in v]", "`[` has no meaning", "["),
    ("{u: v}", "`{` has no meaning", "{"),
    ("lambda: u", "`lambda` is a word of Python", "lambda"),
    ("(lambda: u)()", "`lambda` is a word of Python", "lambda"),
    ("u if u else v", "`if` is a word of Python", "if"),
    ("u and v", "`and` is a word of Python", "and"),
    ("not u", "`not` is a word of Python", "not"),
    ("1 is 1", "`is` is a word of Python", "is"),
    ("True", "`True` is a word of Python", "True"),
    ("None + u", "`None` is a word of Python", "None"),
    ("await u", "`await` is a word of Python", "await"),
    ('"u"', '`"` has no meaning', '"'),
    ("f'{u}'", "`'` has no meaning", "'"),
    ("u := 1", "`:` has no meaning", ":"),
    ("u; v", "`;` has no meaning", ";"),
    ("u # v", "`#` has no meaning", "#"),
    ("u @ v", "`@` has no meaning", "@"),
    ("u % 2", "`%` has no meaning", "%"),
    ("u // v", "`//` has no meaning", "//"),
    ("u \\ v", "`\\` has no meaning", "\\"),
    ("u | v & ~u", "`|` has no meaning", "|"),
    ("u\x00v", "the character with number 0 has no meaning", None),
    ("u + \x1b[31m", "the character with number 27 has no meaning", None),
    ("\ud800", "the character with number 55296 has no meaning", None),
    ("x²", "`²` cannot stand in a name", "²"),
    ("∂u", "`∂` has no meaning", "∂"),
    ("u − v", "`−` has no meaning", "−"),
    ("ν·u", "`·` has no meaning", "·"),
    ("1j*u", "an operator is missing between `1` and `j`", "j"),
    ("2u", "an operator is missing between `2` and `u`", "u"),
    ("u v", "an operator is missing between `u` and `v`", "v"),
    ("(u)(v)", "an operator is missing between `)` and `(`", "("),
    ("sin(u)(v)", "an operator is missing between `)` and `(`", "("),
    ("0x10", "an operator is missing between `0` and `x10`", "x10"),
    ("1_000", "an operator is missing", "_000"),
    ("1.2.3", "an operator is missing", ".3"),
    ("sin(*u)", "something is missing before `*`", "*"),
    ("sin(**u)", "something is missing before `**`", "**"),
    ("u +", "something is missing after `+`", "+"),
    ("u + * v", "something is missing before `*`", "*"),
    ("sin(u,)", "something is missing before `)`", ")"),
    ("sin()", "nothing stands between these parentheses", "()"),
    ("(u", "this `(` is never closed", "("),
    ("u)", "this `)` closes nothing", ")"),
    ("u, v", "a comma stands only between the arguments", "u, v"),
    ("u == 0", "`==` has no meaning", "=="),
    ("u != 0", "`!=` has no meaning", "!="),
    ("u = 0 = v", "this is the second", "="),
    ("u =", "nothing stands right of `=`", "="),
    ("= u", "nothing stands left of `=`", "="),
    ("sin(x=1)", "`=` inside parentheses", "="),
    ("u < v", "a comparison stands only at the start of `where", "u < v"),
    ("where(0 < x < 1, u, v)", "not a chain", "0 < x < 1"),
    ("where(x, u, v)", "`where` begins with a comparison", "x"),
    ("where(x < 0, u)", "`where` takes 3 arguments, not 2", "where(x < 0, u)"),
    ("where(where(x < 0, 1, 2) < u, 1, 2)", "a comparison cannot contain a choice", "where(x < 0, 1, 2) < u"),
    ("sin(1, 2)", "`sin` takes 1 argument, not 2", "sin(1, 2)"),
    ("min(u)", "`min` takes 2 or more arguments, not 1", "min(u)"),
    ("sinn(u)", "Did you mean `sin`?", "sinn"),
    ("ν + sinn(u)", "Did you mean `sin`?", "sinn"),
    ("u_t\n  + sinn(u)", "Did you mean `sin`?", "sinn"),
    ("arctan(u)", "Write `atan`.", "arctan"),
    ("zzzzzz(u)", "unknown function `zzzzzz`", "zzzzzz"),
    ("uxx", "Did you mean `u_xx`?", "uxx"),
    ("qqqqq", "unknown name `qqqqq`", "qqqqq"),
    ("E*u", "Euler's number is `exp(1)`", "E"),
    ("sin + u", "`sin` is called with arguments", "sin"),
    ("u_y + u", "`u_y` differentiates along `y`, which is not a coordinate", "u_y"),
    ("u_theta", "The derivative along `theta` is written `d(u, theta)`", "u_theta"),
    ("u_xxxxxxxxx", "derivatives of `u` go up to order 8", "u_xxxxxxxxx"),
    ("u(x, t)", "`u` stands for `u(x, t, theta)`", "u(x, t)"),
    ("u(0, t, theta)", "`u` stands for `u(x, t, theta)`", "u(0, t, theta)"),
    ("nu(x)", "`nu` is a parameter and cannot be called", "nu"),
    ("d(u)", "`d` takes 2 or more arguments, not 1", "d(u)"),
    ("d(u, nu)", "`d` differentiates along coordinates", "nu"),
    ("d(u, 2)", "`d` differentiates along coordinates", "2"),
    ("d(u, x, 2, 3)", "`d` differentiates along coordinates", "3"),
    ("d(u, x, 9)", "the order of a derivative is between 1 and 8", "9"),
    ("d(u, x, 2.0)", "`d` differentiates along coordinates", "2.0"),
    ("d(u, x, 8, t)", "derivatives go up to order 8", "d(u, x, 8, t)"),
    ("d(d(u, x, 8), t)", "derivatives of `u` go up to order 8", "d(d(u, x, 8), t)"),
    ("d(sign(u), x)", "`sign` jumps", "d(sign(u), x)"),
    ("d(heaviside(x), x)", "`heaviside` jumps", "d(heaviside(x), x)"),
    ("d(abs(u), x, 2)", "`sign` jumps", "d(abs(u), x, 2)"),
    ("d((u*u_x*v*v_x*sin(u*v*x*t))^20*exp(u*v/(1+u^2)), x, 8)", "too long to be of use", None),
    ("9**9**9", "this number is too large", "9**9**9"),
    ("9^9^9^9^9", "this number is too large", None),
    ("10^400", "this number is too large", "10^400"),
    ("0.1^400", "this number is too small", "0.1^400"),
    ("u^21", "exponents go up to 20", "u^21"),
    ("u^-300", "exponents go up to 20", "u^-300"),
    ("(u^20)^20", "exponents go up to 20", "(u^20)^20"),
    ("1e400", "this number is too large", "1e400"),
    ("1e-400", "this number is too small", "1e-400"),
    ("9" * 5000, "this number is too large", None),
    ("1e200*1e200", "this number is too large", "1e200*1e200"),
    ("exp(1000)", "`exp` has no finite real value here", "exp(1000)"),
    ("exp(exp(exp(9)))", "`exp` has no finite real value here", "exp(exp(9))"),
    ("9^(d(x^8,x,8)*d(x^8,x,8)*d(x^8,x,8))", "this number is too large", None),
    ("exp(exp(exp(d(100*pi*x, x))))", "`exp` has no finite real value here", None),
    ("u/0", "division by zero", "0"),
    ("u/(x - x)", "division by zero", "x - x"),
    ("0^-1", "division by zero", "0^-1"),
    ("log(0)", "`log` has no finite real value here", "log(0)"),
    ("tan(pi/2)", "`tan` has no finite real value here", "tan(pi/2)"),
    ("sqrt(-1)", "`sqrt` has no finite real value here", "sqrt(-1)"),
    ("sqrt(-u^2)", "this is not a real number", None),
    ("(-u^2)^(1/3)", "this is not a real number", "(-u^2)^(1/3)"),
    ("(-2*u^2*sin(1))^0.3", "this is not a real number", "(-2*u^2*sin(1))^0.3"),
    ("acos(2)", "`acos` has no finite real value here", "acos(2)"),
    ("(-8)^(1/3)", "this is not a real number", "(-8)^(1/3)"),
    ("(-1)^x", "a number to a variable power must be positive", "(-1)^x"),
    ("(" * 3000 + "x" + ")" * 3000, "parentheses are nested at most 100 deep", "("),
    ("sin(" * 90 + "x" + ")" * 90, "nested more than 60 deep", None),
    ("-" * 5000 + "x", "this expression has 5001 parts", "-"),
    ("x" + "**x" * 600, "nested", None),
    ("u" * 1_000_000, "an expression has at most 10000 characters; this one has 1000000", None),
    ("1/" * 2000 + "x", "this expression has 4001 parts; there may be 2000", None),
]


@pytest.mark.parametrize(("text", "fragment", "under"), REFUSED, ids=[repr(text)[:40] for text, *_ in REFUSED])
def test_refused_with_a_reason_and_a_caret(text: str, fragment: str, under: str | None) -> None:
    start = time.perf_counter()
    with pytest.raises(UserError) as caught:
        parse_equation(text, SCOPE)
    assert time.perf_counter() - start < 1.0
    message = str(caught.value)
    assert fragment in message
    assert len(message) < 2000
    message.encode()
    (mistake,) = caught.value.mistakes
    if under is not None:
        assert mistake.text is not None
        assert mistake.span is not None
        assert mistake.text[slice(*mistake.span)] == under


# Long or strange, but meaningful: it must be understood, and quickly.
SLOW_IF_CARELESS = {
    "many maxima": "max(" + ", ".join(f"x + {i}*t" for i in range(300)) + ")",
    "nested maxima": "".join(f"max(x + {i}, " for i in range(50)) + "0" + ")" * 50,
    "nested choices": "".join(f"where(x*t + {i} < sin(x), {i}, " for i in range(50)) + "0" + ")" * 50,
    "many roots of numbers": "*".join(f"{i}.123456^0.123456" for i in range(1, 200)),
    "many roots of products": "*".join(f"({i}.1234*x)^0.123{i}" for i in range(1, 250)),
    "many square roots": "+".join(f"sqrt({i})" for i in range(1, 400)),
    "a long sum": "+".join(f"sin({i}*u + x)" for i in range(190)),
    "a long product": "*".join(f"(u + {i}*x)" for i in range(200)),
    "a long quotient": "x/" * 990 + "x",
    "many signs": "-" * 1900 + "x",
    "deep sines": "sin(" * 55 + "1" + ")" * 55,
    "deep roots": "sqrt(" * 50 + "x^2*u" + ")" * 50,
    "deep powers": "x^(" * 50 + "u" + ")" * 50,
    "a number hard to tell from zero": "abs(sin(1)^2 + cos(1)^2 - 1)*x",
    "a large number of bits": "1.0000001^20000000",
    "a sine of a large number": "where(sin(1e299) < 0.3, x, t)",
}


@pytest.mark.parametrize("text", SLOW_IF_CARELESS.values(), ids=SLOW_IF_CARELESS.keys())
def test_understood_without_a_long_wait(text: str) -> None:
    start = time.perf_counter()
    tree = parse_equation(text, SCOPE).tree
    assert time.perf_counter() - start < 2.0
    assert tree != 0


def test_no_side_effect_of_reading(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError):
        parse_equation("print(u)", SCOPE)
    assert capsys.readouterr() == ("", "")
