"""The one thing that an optimizer may ask: losses, gradients, rows and their Jacobian at given parameters."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import final

import torch
from torch import Tensor

from pinnkit.objective.rows import Rows
from pinnkit.processes import ALONE, Team


@final
@dataclass(frozen=True, eq=False)
class Evaluation:
    """The objective at one point of parameter space.

    loss: half the sum of the squared rows. losses: every term's mean square residual, without its weight.
    """

    loss: float
    losses: Mapping[str, float]
    gradient: Tensor


@final
@dataclass(frozen=True, eq=False)
class GroupEvaluation:
    """The objective at one point of parameter space, group by group.

    losses: the mean square residual, without its weight, of every term that was asked for.
    halves: half the sum of the squared rows of every group. gradients: its gradient (P,).
    """

    losses: Mapping[str, float]
    halves: Mapping[str, float]
    gradients: Mapping[str, Tensor]


@final
class Linearization:
    """The rows r and their Jacobian J at one point of parameter space, in chunks of bounded memory.

    J is kept where it fits into one chunk; else its chunks are made again whenever they are needed. Of the chunks, a
    process has those of its own share alone.

    Args:
        chunks: those of this process, each with the number of its first row.
        count: N, the rows of all processes.
        theta: the point of parameter space.
        keep: whether J is kept.
        team: the processes.
    """

    def __init__(
        self, chunks: Sequence[tuple[int, Rows]], count: int, theta: Tensor, keep: bool, team: Team = ALONE
    ) -> None:
        self._chunks = chunks
        self._count = count
        self._theta = theta
        self.kept = keep
        self.team = team
        self._pieces: list[tuple[int, Tensor, Tensor]] = []
        if keep:
            self._pieces = [(start, *chunk.jacobian(theta)) for start, chunk in chunks]
            if team.count == 1:
                rows, jacobian = [piece[1] for piece in self._pieces], [piece[2] for piece in self._pieces]
                self._pieces = [(0, _together(rows), _together(jacobian))]
            self.rows = self._whole((start, rows) for start, rows, _ in self._pieces)
        else:
            self.rows = self._whole((start, chunk.values(theta).detach()) for start, chunk in chunks)

    @cached_property
    def jacobian(self) -> Tensor | None:
        """J (N, P), brought together from all processes where it is kept; None where it is not."""
        if not self.kept:
            return None
        if self.team.count == 1:
            return self._pieces[0][2]
        whole = self._theta.new_zeros(self._count, self._theta.numel())
        for start, _, jacobian in self._pieces:
            whole[start : start + len(jacobian)] = jacobian
        return self.team.total(whole)

    def blocks(self) -> Iterator[tuple[int, Tensor, Tensor]]:
        """(number of the first row, rows, Jacobian) of every chunk of this process, whose sums are for `team` to add.

        Who lets go of one before asking for the next holds one at a time.
        """
        if self.kept:
            yield from self._pieces
        else:
            for start, chunk in self._chunks:
                yield (start, *chunk.jacobian(self._theta))

    def times(self, vector: Tensor) -> Tensor:
        """J v, (N,)."""
        return self._whole((start, jacobian @ vector) for start, _, jacobian in self.blocks())

    def transposed_times(self, vector: Tensor) -> Tensor:
        """J^T v, (P,), by one backward sweep where J is not kept."""
        total = torch.zeros_like(self._theta)
        for start, rows, jacobian in self._pieces:
            total += vector[start : start + len(rows)] @ jacobian
        for start, chunk in self._chunks if not self.kept else ():
            leaf = self._theta.detach().requires_grad_()
            own = vector[start : start + chunk.count]
            total += torch.autograd.grad(chunk.values(leaf), leaf, own)[0]
        return self.team.total(total)

    def _whole(self, parts: Iterable[tuple[int, Tensor]]) -> Tensor:
        """One vector (N,) of the parts that the processes have, each with the number of its first row."""
        return _whole(parts, self._count, self._theta, self.team)


def _whole(parts: Iterable[tuple[int, Tensor]], count: int, theta: Tensor, team: Team) -> Tensor:
    """One vector (N,) of parts, each with the number of its first row; nothing is copied where there is one."""
    found = theta.new_zeros(count)
    for start, part in parts:
        if team.count == 1 and len(part) == count:
            return part
        found[start : start + len(part)] = part
    return team.total(found)


def _together(pieces: list[Tensor]) -> Tensor:
    """One tensor of all pieces; a single one is not copied."""
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


@final
class Draw:
    """A draw of points; equal to itself alone, so that fresh points are told from those that were stepped on."""


@final
class Objective:
    """Rows that shall vanish, as a function of the parameters theta (P,); nothing in it changes.

    Args:
        blocks: the rows.
        weights: the weight of every term, by which its rows are already scaled.
        size: P.
        chunk: how many rows of the Jacobian may exist at once.
        sweeps: the same rows in the parts in which a gradient comes fastest; `blocks` where not given.
        shapes: of the tensors that theta holds one after the other; one vector where not given.
        draw: which draw of points the rows stand on; a new one where not given.
        groups: the terms of every group, for methods that keep groups apart; every term is one where not given.
        known: parameters (P,) and what `evaluate` answers there, where the answer is not the plain one.
        team: the processes that compute the rows together; this one alone where not given.
    """

    def __init__(
        self,
        blocks: Sequence[Rows],
        weights: Mapping[str, float],
        size: int,
        chunk: int,
        sweeps: Sequence[Rows] | None = None,
        shapes: Sequence[torch.Size] | None = None,
        draw: "Draw | None" = None,
        groups: Mapping[str, Sequence[str]] | None = None,
        known: tuple[Tensor, Evaluation] | None = None,
        team: Team = ALONE,
    ) -> None:
        self.chunks = tuple(blocks)
        self.sweeps = tuple(sweeps) if sweeps is not None else self.chunks
        self.weights = dict(weights)
        self.size = size
        self.shapes = tuple(shapes) if shapes is not None else (torch.Size((size,)),)
        self.count = sum(block.count for block in blocks)
        self.chunk = chunk
        self.keeps = self.count <= chunk
        self.draw = draw if draw is not None else Draw()
        self.groups = {g: tuple(own) for g, own in (groups or {term: (term,) for term in weights}).items()}
        self.known = known
        self.team = team

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the terms."""
        return tuple(self.weights)

    def scaled(self, scale: Callable[[Tensor], Tensor]) -> "Objective":
        """The same points, every row times a number, scale(x), as a function of the points (N, d)."""
        return self.mapped(lambda rows: rows.scaled(scale))

    def mapped(self, change: Callable[[Rows], Rows]) -> "Objective":
        """The same points and terms, every block of rows changed."""
        blocks, sweeps = ([change(rows) for rows in own] for own in (self.chunks, self.sweeps))
        return self._like(blocks, sweeps)

    def rescaled(self, factors: Tensor) -> "Objective":
        """The same points and terms, every row times a number, (N,) as `rows` has them; weights stay as they are."""
        parts = factors.split([block.count for block in self.chunks])
        blocks = [block.rescaled(own) for block, own in zip(self.chunks, parts, strict=True)]
        sweeps, rest = [], iter(self.sweeps)
        for block, own in zip(self.chunks, parts, strict=True):
            by_term, done = own.unflatten(0, (len(block.terms), -1)), 0
            while done < by_term.shape[1]:  # the sweeps are the blocks again, in order, cut along the points
                sweep = next(rest)
                until = done + sweep.count // len(sweep.terms)
                sweeps.append(sweep.rescaled(by_term[:, done:until].reshape(-1)))
                done = until
        return self._like(blocks, sweeps)

    def reweighted(self, factors: Mapping[str, float]) -> "Objective":
        """The same points and terms, the squared rows of every term times a factor, 1 where not given."""
        roots = [self._roots(block, factors) for block in self.chunks]
        weights = {term: weight * factors.get(term, 1.0) for term, weight in self.weights.items()}
        return self.rescaled(torch.cat(roots))._like(weights=weights) if roots else self

    def answering(self, theta: Tensor, found: Evaluation) -> "Objective":
        """The same, but `evaluate` answers this at theta: a direction that is not the gradient of the loss."""
        return self._like(known=(theta, found))

    def again(self, draw: Draw) -> "Objective":
        """The same, told to be that draw of points, which was made again."""
        return self._like(draw=draw)

    def shared(self, team: Team) -> "Objective":
        """The same, computed by several processes together, each with its share of the parts."""
        return self._like(team=team)

    def _like(
        self,
        blocks: Sequence[Rows] | None = None,
        sweeps: Sequence[Rows] | None = None,
        weights: Mapping[str, float] | None = None,
        known: tuple[Tensor, Evaluation] | None = None,
        team: Team | None = None,
        draw: Draw | None = None,
    ) -> "Objective":
        """The same draw, sizes and groups with other rows or weights."""
        return Objective(
            blocks if blocks is not None else self.chunks,
            weights if weights is not None else self.weights,
            self.size,
            self.chunk,
            sweeps if sweeps is not None else self.sweeps,
            self.shapes,
            draw if draw is not None else self.draw,
            self.groups,
            known,
            team if team is not None else self.team,
        )

    def _roots(self, block: Rows, factors: Mapping[str, float]) -> Tensor:
        """The root of every row's factor, (count,)."""
        each = block.count // len(block.terms)
        roots = torch.tensor([factors.get(term, 1.0) ** 0.5 for term in block.terms], dtype=torch.float64)
        return roots.repeat_interleave(each)

    def rows(self, theta: Tensor) -> Tensor:
        """All rows (N,), without a graph."""
        with torch.no_grad():
            parts = ((start, block.values(theta)) for start, block in self._own_chunks)
            return _whole(parts, self.count, theta, self.team)

    def losses(self, rows: Tensor) -> dict[str, float]:
        """Every term's mean square residual, without its weight, from the rows (N,)."""
        sums = dict.fromkeys(self.weights, 0.0)
        for block, own in zip(self.chunks, rows.split([b.count for b in self.chunks]), strict=True):
            for term, part in block.by_term(own).items():
                sums[term] += float(part @ part)
        return {term: total / self.weights[term] for term, total in sums.items()}

    def evaluate(self, theta: Tensor) -> Evaluation:
        """The loss, its terms and its gradient, part by part."""
        if self.known is not None and self.known[0] is theta:
            return self.known[1]
        gradient = torch.zeros_like(theta)
        sums = dict.fromkeys(self.weights, 0.0)
        for part in self._own_sweeps:
            leaf = theta.detach().requires_grad_()
            rows = part.values(leaf)
            gradient += torch.autograd.grad(0.5 * (rows @ rows), leaf)[0]
            for term, own in part.by_term(rows.detach()).items():
                sums[term] += float(own @ own)
        gradient, sums = self.team.total(gradient), self._added(sums)
        losses = {term: total / self.weights[term] for term, total in sums.items()}
        return Evaluation(0.5 * sum(sums.values()), losses, gradient)

    def hessian_times(self, theta: Tensor, vector: Tensor) -> Tensor:
        """H v = (g(theta + h v) - g(theta - h v))/(2h), (P,), with h |v| = eps^(1/3) max(1, |theta|).

        The central difference of the gradient g balances rounding, of order eps/h, with truncation, of order h^2. The
        rows' reverse rules are differentiable once, and two gradients cost no more than a second reverse sweep.
        """
        length = float(vector.norm())
        if length == 0.0:
            return torch.zeros_like(vector)
        h = torch.finfo(theta.dtype).eps ** (1.0 / 3.0) * max(1.0, float(theta.norm())) / length
        ahead, behind = self.evaluate(theta + h * vector), self.evaluate(theta - h * vector)
        return (ahead.gradient - behind.gradient) / (2.0 * h)

    def gradients(self, theta: Tensor) -> dict[str, Tensor]:
        """The gradient of every term's share of the loss, (P,) each."""
        return dict(self._evaluated(theta, {term: (term,) for term in self.weights}).gradients)

    def evaluate_groups(self, theta: Tensor, only: Collection[str] | None = None) -> GroupEvaluation:
        """The losses, and the gradient of every group or of some of them, with one forward sweep for all.

        Rows that belong to none of the groups asked for are not evaluated where they stand apart from the others.
        """
        asked = {group: terms for group, terms in self.groups.items() if only is None or group in only}
        return self._evaluated(theta, asked)

    def _evaluated(self, theta: Tensor, asked: Mapping[str, Sequence[str]]) -> GroupEvaluation:
        """The losses and gradients of some sets of terms."""
        gradients = {group: torch.zeros_like(theta) for group in asked}
        halves = dict.fromkeys(asked, 0.0)
        sums = {term: 0.0 for terms in asked.values() for term in terms if term in self.weights}
        for part in self._own_sweeps:
            here = {group: [term for term in terms if term in part.terms] for group, terms in asked.items()}
            here = {group: terms for group, terms in here.items() if terms}
            if not here:
                continue
            leaf = theta.detach().requires_grad_()
            by_term = part.by_term(part.values(leaf))
            for number, (group, terms) in enumerate(here.items(), 1):
                half = 0.5 * torch.stack([by_term[term] @ by_term[term] for term in terms]).sum()
                gradients[group] += torch.autograd.grad(half, leaf, retain_graph=number < len(here))[0]
                halves[group] += float(half.detach())
                for term in terms:
                    own = by_term[term].detach()
                    sums[term] += float(own @ own)
        gradients = {group: self.team.total(gradient) for group, gradient in gradients.items()}
        halves, sums = self._added(halves), self._added(sums)
        losses = {term: total / self.weights[term] for term, total in sums.items()}
        return GroupEvaluation(losses, halves, gradients)

    def traces(self, theta: Tensor, points: int | None = None) -> dict[str, float]:
        """Every term's sum of |d row / d theta|^2 over its rows; estimated on so many points a block where given."""
        found = dict.fromkeys(self.weights, 0.0)
        for _, block in self._own_chunks:
            some = block.some(points) if points is not None else block
            _, jacobian = some.jacobian(theta)
            for term, own in zip(some.terms, jacobian.chunk(len(some.terms)), strict=True):
                found[term] += float((own * own).sum()) * block.count / some.count
        return self._added(found)

    def linearize(self, theta: Tensor) -> Linearization:
        """The rows and their Jacobian at theta."""
        return Linearization(self._own_chunks, self.count, theta, self.keeps, self.team)

    @cached_property
    def _own_chunks(self) -> list[tuple[int, Rows]]:
        """The chunks that this process computes, each with the number of its first row."""
        starts = accumulate((block.count for block in self.chunks), initial=0)
        numbered = enumerate(zip(starts, self.chunks, strict=False))
        return [placed for number, placed in numbered if self.team.mine(number)]

    @property
    def _own_sweeps(self) -> list[Rows]:
        """The sweeps that this process computes."""
        return [sweep for number, sweep in enumerate(self.sweeps) if self.team.mine(number)]

    def _added(self, own: dict[str, float]) -> dict[str, float]:
        """Numbers by name, each summed over the processes."""
        if self.team.count == 1:
            return own
        added = self.team.total(torch.tensor(list(own.values()), dtype=torch.float64))
        return dict(zip(own, added.tolist(), strict=True))
