"""Equations: text to checked trees, their derivatives, their notation, and their evaluation on arrays and tensors."""

from pinnkit.equations.adopting import from_sympy as from_sympy
from pinnkit.equations.differentiate import differentiate as differentiate
from pinnkit.equations.differentiate import laplacian as laplacian
from pinnkit.equations.evaluate import Program as Program
from pinnkit.equations.evaluate import compile_tree as compile_tree
from pinnkit.equations.expression import Expression as Expression
from pinnkit.equations.expression import MultiIndex as MultiIndex
from pinnkit.equations.expression import Partial as Partial
from pinnkit.equations.expression import Scope as Scope
from pinnkit.equations.functions import JUMP as JUMP
from pinnkit.equations.functions import NORMAL as NORMAL
from pinnkit.equations.functions import normal_component as normal_component
from pinnkit.equations.names import check_name as check_name
from pinnkit.equations.notation import latex as latex
from pinnkit.equations.notation import unicode as unicode
from pinnkit.equations.parse import parse as parse
from pinnkit.equations.parse import parse_equation as parse_equation
from pinnkit.equations.parse import parse_number as parse_number
from pinnkit.equations.parse import parse_output as parse_output
from pinnkit.equations.partials import partials_in as partials_in
from pinnkit.equations.text import to_text as to_text
