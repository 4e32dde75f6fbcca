"""Piecewise polynomials of a periodic function and its primitive."""

import numpy as np
import pytest

from pinnkit.verification.waveform import Waveform

AT = np.random.default_rng(0).uniform(-20.0, 20.0, (40, 50))


def test_sine_has_the_primitive_minus_cosine() -> None:
    wave = Waveform(lambda y: np.sin(np.pi * y), -1.0, 2.0, 512)
    primitive, value = wave.both(AT)
    assert np.allclose(value, np.sin(np.pi * AT), atol=2e-13)
    assert np.allclose(primitive, -np.cos(np.pi * AT) / np.pi, atol=1e-14)
    assert wave.mean == pytest.approx(0.0, abs=1e-15)
    assert wave.largest == pytest.approx(1.0, rel=1e-4)
    assert wave.swing == pytest.approx(2 / np.pi, rel=1e-2)


def test_mean_is_taken_out() -> None:
    wave = Waveform(lambda y: 3.0 + np.cos(y) ** 2, 0.0, np.pi, 64)
    primitive, value = wave.both(AT)
    assert wave.mean == pytest.approx(3.5, rel=1e-14)
    assert np.allclose(value, 0.5 * np.cos(2 * AT), atol=1e-9)
    assert np.allclose(primitive, 0.25 * np.sin(2 * AT), atol=1e-9)


def test_order_of_accuracy_is_six() -> None:
    errors = []
    for cells in (16, 32, 64):
        wave = Waveform(lambda y: np.exp(np.sin(y)), 0.0, 2 * np.pi, cells)
        errors.append(np.max(np.abs(wave.both(AT)[1] + wave.mean - np.exp(np.sin(AT)))))
    rates = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.allclose(rates, 6.0, atol=0.35)


def test_kinks_between_cells_cost_nothing() -> None:
    wave = Waveform(np.abs, -1.0, 2.0, 8)
    folded = (AT + 1.0) % 2.0 - 1.0
    primitive, value = wave.both(AT)
    assert np.allclose(value + wave.mean, np.abs(folded), atol=1e-13)
    exact = 0.5 * folded * np.abs(folded) - 0.5 * folded
    assert np.allclose(primitive, exact, atol=1e-13)


def test_cells_that_are_no_power_of_two_are_refused() -> None:
    with pytest.raises(ValueError, match="power of two"):
        Waveform(np.sin, 0.0, 1.0, 12)
