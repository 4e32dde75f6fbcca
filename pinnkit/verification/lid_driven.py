"""Steady flow in a square below a sliding lid, one resolution: the stream function at Chebyshev nodes."""

from typing import final

import numpy as np

from pinnkit.verification.chebyshev import Chebyshev

_STEPS = 20
_SETTLED = 1e-9
"""Newton's steps end where they change no value of the stream function by more: it is of the size of a tenth."""


def scraper(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """Creeping flow between a wall Y > 0 at X = 0 and a lid X > 0 at Y = 0 that slides with dpsi/dY = -1.

    psi = C Y + (B X + D Y) theta, with theta = atan(Y / X). With theta harmonic, omega = laplace psi is
    2 (D X - B Y) / r^2; psi has no biharmonic. G. I. Taylor, in Aeronautics and Astronautics, Pergamon 1960, p. 12.

    Returns:
        psi, psi_X, psi_Y, omega, omega_X and omega_Y.
    """
    d = 2 * np.pi / (np.pi**2 - 4)
    b, c = 2 * d / np.pi, -d * np.pi / 2
    # In the corner itself, the limit along the lid.
    x = np.where((x == 0) & (y == 0), 1e-12, x)
    theta, square = np.arctan2(y, x), x * x + y * y
    across = b * x + d * y
    omega = 2 * (d * x - b * y) / square
    return (
        c * y + across * theta,
        b * theta - across * y / square,
        c + d * theta + across * x / square,
        omega,
        (2 * d - 2 * x * omega) / square,
        (-2 * b - 2 * y * omega) / square,
    )


def second(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """The first effect of inertia on the scraper: psi = r^2 h(theta), at nu = 1 and with the wall on the left.

    With psi = r f and omega = g/r of the scraper, laplace^2 psi = d(f g, theta)/r^2, so that h has

        d(h, theta, 4) + 4 d(h, theta, 2) = d(f g, theta),    h = d(h, theta) = 0 at the wall and at the lid

    and is a sum of powers of theta times 1, cos(2 theta) and sin(2 theta). O. Botella, R. Peyret, Computers & Fluids 27
    (1998) 421, take the same term out.

    Returns:
        psi, psi_X, psi_Y, omega, omega_X, omega_Y and laplace omega.
    """
    theta, r = np.arctan2(y, x), np.hypot(x, y)
    safe = np.where(r == 0, 1.0, r)
    h = [_inertia(theta, order) for order in range(5)]
    wave = 4 * h[0] + h[2], 4 * h[1] + h[3], 4 * h[2] + h[4]
    cos, sin = np.cos(theta), np.sin(theta)
    return (
        r * r * h[0],
        r * (2 * cos * h[0] - sin * h[1]),
        r * (2 * sin * h[0] + cos * h[1]),
        wave[0],
        -sin * wave[1] / safe,
        cos * wave[1] / safe,
        wave[2] / safe**2,
    )


def _inertia(theta: np.ndarray, order: int) -> np.ndarray:
    """A derivative of h, the coefficients of which follow by comparison.

    f g = c d sin(2 theta) - b c (1 - cos(2 theta)) + theta (2 b d cos(2 theta) + (d^2 - b^2) sin(2 theta)).
    """
    d = 2 * np.pi / (np.pi**2 - 4)
    b, c = 2 * d / np.pi, -d * np.pi / 2
    b2, c2 = -b * d / 8, -(d**2 - b**2) / 16
    b1, c1 = -b * c / 8 - 3 * (d**2 - b**2) / 32, -c * d / 8 + 3 * b * d / 16
    a1 = np.pi / 2 * (c1 + b2) + np.pi**2 / 4 * c2
    b0 = np.pi / 4 * (a1 - b1) - np.pi**2 / 8 * b2
    plain, cosine, sine = np.array([-b0, a1, 0.0]), np.array([b0, b1, b2]), np.array([-(a1 + b1) / 2, c1, c2])
    for _ in range(order):
        plain, cosine, sine = _slope(plain), _slope(cosine) + 2 * sine, _slope(sine) - 2 * cosine
    values = [np.polynomial.polynomial.polyval(theta, own) for own in (plain, cosine, sine)]
    return np.asarray(values[0] + values[1] * np.cos(2 * theta) + values[2] * np.sin(2 * theta))


def _slope(coefficients: np.ndarray) -> np.ndarray:
    """The derivative of a polynomial, as long as the polynomial."""
    return np.append(np.arange(1, len(coefficients)) * coefficients[1:], 0.0)


def corners(x: np.ndarray, y: np.ndarray, speed: float) -> tuple[np.ndarray, ...]:
    """The flows in both upper corners of the unit square, added, at a Reynolds number.

    Returns:
        psi, psi_x, psi_y, omega, omega_x, omega_y and laplace omega.
    """
    signs, mirrored = (1, 1, -1, 1, 1, -1, 1), (1, -1, -1, 1, -1, -1, 1)
    at, none = ((x, 1 - y), (1 - x, 1 - y)), np.zeros_like(x)
    creeping = [(*scraper(*own), none) for own in at]
    moved = [second(*own) for own in at]
    # What inertia does changes its sign where the flow turns the other way round.
    left, right = (
        [a + sign * speed * b for a, b in zip(own, further, strict=True)]
        for own, further, sign in zip(creeping, moved, (1, -1), strict=True)
    )
    return tuple(s * a + m * b for s, a, m, b in zip(signs, left, mirrored, right, strict=True))


@final
class LidDriven:
    """nu laplace^2 psi = psi_y laplace psi_x - psi_x laplace psi_y, with psi = corners + phi, for phi.

    phi is the polynomial of degree n in x and in y that has the values and slopes at the walls which the corners
    leave, and satisfies the equation at the nodes that are neither on a wall nor next to one.

    Args:
        viscosity: nu = 1 / Re.
        count: n.
    """

    def __init__(self, viscosity: float, count: int) -> None:
        self.viscosity = viscosity
        self._speed = 1.0 / viscosity
        self.chebyshev = Chebyshev(0.0, 1.0, count)
        one, first, second = self.chebyshev.derivatives
        self._derivatives = (one, first, second, second @ first, second @ second)
        inner = np.arange(2, count - 1)
        self._ends = np.stack([one[0], first[0], one[-1], first[-1]])
        held = np.array([0, 1, count - 1, count])
        inverse = np.linalg.inv(self._ends[:, held])
        self._expand, self._lift = np.zeros((count + 1, len(inner))), np.zeros((count + 1, 4))
        self._expand[inner, np.arange(len(inner))] = 1.0
        self._expand[held], self._lift[held] = -inverse @ self._ends[:, inner], inverse
        self._known = self._from_walls()
        self._inner = inner
        x = self.chebyshev.nodes[inner]
        self._corners = corners(*np.meshgrid(x, x, indexing="ij"), self._speed)
        self._phi = self._known

    def solve(self, start: "LidDriven | None" = None) -> str:
        """Newton's steps from creeping flow or another solution; what went wrong, or nothing."""
        size = len(self._inner)
        values = np.zeros((size, size)) if start is None else self._begun(start)
        for step_number in range(_STEPS):
            creeping = start is None and step_number == 0
            residual, matrix = self._system(self._known + self._expand @ values @ self._expand.T, creeping)
            step = np.linalg.solve(matrix, -residual.ravel()).reshape(size, size)
            values = values + step
            change = float(np.max(np.abs(step)))
            if not change < 1e3:
                break
            if change < _SETTLED:
                self._phi = self._known + self._expand @ values @ self._expand.T
                return ""
        return f"Newton's steps do not settle at degree {self.chebyshev.count}"

    def values(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """u and v (m, 2) at m points."""
        along, across = self.chebyshev.interpolation(x), self.chebyshev.interpolation(y)
        first = self._derivatives[1]
        own = corners(x, y, self._speed)
        u = np.einsum("mi,ij,mj->m", along, self._phi @ first.T, across, optimize=True) + own[2]
        v = -np.einsum("mi,ij,mj->m", along, first @ self._phi, across, optimize=True) - own[1]
        return np.stack([u, v], axis=1)

    def _begun(self, start: "LidDriven") -> np.ndarray:
        """phi at the inner nodes for the stream function of another solution, whose corners may be of another speed."""
        x = self.chebyshev.nodes[self._inner]
        other = corners(*np.meshgrid(x, x, indexing="ij"), start._speed)[0]
        return np.asarray(start._phi_at(x) + other - self._corners[0])

    def _phi_at(self, nodes: np.ndarray) -> np.ndarray:
        rows = self.chebyshev.interpolation(nodes)
        return rows @ self._phi @ rows.T

    def _from_walls(self) -> np.ndarray:
        """A polynomial with the values and slopes of phi at all four walls: the Boolean sum of both directions."""
        nodes = self.chebyshev.nodes
        zero, one = np.zeros_like(nodes), np.ones_like(nodes)
        lower, upper = corners(zero, nodes, self._speed), corners(one, nodes, self._speed)
        bottom = corners(nodes, zero, self._speed)
        in_x = -np.stack([lower[0], lower[1], upper[0], upper[1]])
        # Where the lid meets a wall, slopes of its own corner are of two values; those that phi needs are continuous.
        in_x[:, -1] = 0.0
        in_y = -np.stack([bottom[0], bottom[2], zero, one])
        mixed = in_x @ self._ends.T
        return self._lift @ in_x + (self._lift @ in_y).T - self._lift @ mixed @ self._lift.T

    def _system(self, phi: np.ndarray, creeping: bool) -> tuple[np.ndarray, np.ndarray]:
        """What is left of the equation at the inner nodes, and its matrix by the values there."""
        rows = [matrix[self._inner] for matrix in self._derivatives]
        own = [matrix @ self._expand for matrix in rows]

        def at(i: int, j: int) -> np.ndarray:
            return np.asarray(rows[i] @ phi @ rows[j].T)

        def by(i: int, j: int) -> np.ndarray:
            return np.kron(own[i], own[j])

        _, psi_x, psi_y, _, omega_x, omega_y, spread = self._corners
        psi_x, psi_y = psi_x + at(1, 0), psi_y + at(0, 1)
        omega_x, omega_y = omega_x + at(3, 0) + at(1, 2), omega_y + at(2, 1) + at(0, 3)
        residual = self.viscosity * (at(4, 0) + 2 * at(2, 2) + at(0, 4) + spread)
        matrix = self.viscosity * (by(4, 0) + 2 * by(2, 2) + by(0, 4))
        if creeping:
            return residual, matrix
        residual += psi_x * omega_y - psi_y * omega_x
        for factor, i, j in (
            (-psi_y, 3, 0),
            (-psi_y, 1, 2),
            (psi_x, 2, 1),
            (psi_x, 0, 3),
            (-omega_x, 0, 1),
            (omega_y, 1, 0),
        ):
            matrix += factor.reshape(-1, 1) * by(i, j)
        return residual, matrix
