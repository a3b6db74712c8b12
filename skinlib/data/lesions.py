"""Made-up lesions: one painter a class.

A painter adds to five maps, four pigments and a white scatter, which are functions of lesion
coordinates: the lesion is at the origin, and the unit is half the height of a picture taken
head-on. Its arguments are the `skinlib.data.painter.View`, the random stream of the lesion and the
maps.
"""

import math

import numpy as np

# Four pigments and the scatter. Deep melanin is blue-grey because short waves are scattered back
# before they reach it.
MELANIN, DEEP, BLOOD, KERATIN, WHITE = range(5)


def ramp(value, start, stop):
    """Rise smoothly from 0 at `start` to 1 at `stop`, which may be the smaller one."""
    t = np.clip((value - start) / (stop - start), 0, 1)
    return t * t * (3 - 2 * t)


def _outline(view, rng, size, lobes, rough):
    """Return the relative radius: 0 in the centre of the lesion, 1 on its border."""
    axis = rng.uniform(0, math.tau)
    u = view.u * math.cos(axis) + view.v * math.sin(axis)
    v = (view.v * math.cos(axis) - view.u * math.sin(axis)) / rng.uniform(0.72, 1)
    angle, border = np.arctan2(v, u), 1
    for wave in range(2, 7):
        height = lobes * rng.normal() / wave
        border = border + height * np.cos(wave * angle + rng.uniform(0, math.tau))
    return np.hypot(u, v) / (size * np.maximum(border, 0.4)) + rough * view.noise(rng, 0.3)


def _scatter(view, rng, count, spread):
    """Yield the squared distance of every pixel from `count` places in a disc."""
    for _ in range(count):
        reach, turn = spread * math.sqrt(rng.random()), rng.uniform(0, math.tau)
        yield (view.u - reach * math.cos(turn)) ** 2 + (view.v - reach * math.sin(turn)) ** 2


def _dots(view, rng, count, spread, size, hard=False):
    """Return `count` spots of radius about `size` inside the radius `spread`, 0..1."""
    near = np.full_like(view.u, 99)
    for square in _scatter(view, rng, count, spread):
        np.minimum(near, square / (size * rng.uniform(0.5, 1.4)) ** 2, out=near)
    return ramp(near, 1.6, 0.5) if hard else np.exp(-near)


def _network(view, rng, period):
    """Return a pigment network, a bent hexagonal lattice: 0 in its holes, 1 on its lines."""
    turn, bend = rng.uniform(0, math.tau), 0.45 * period
    u = view.u + bend * view.noise(rng, 3.5 * period, rough=False)
    v = view.v + bend * view.noise(rng, 3.5 * period, rough=False)
    waves = 0
    for angle in (turn, turn + math.tau / 6, turn + math.tau / 3):
        waves = waves + np.cos(math.tau / period * (u * math.cos(angle) + v * math.sin(angle)))
    return ramp(waves, 1.5, -1.2) * ramp(view.noise(rng, 0.4), -1.5, 0.8)


def _vessels(rng, count, size):
    """Return branching curves that run from the border of the lesion towards its middle."""
    curves = []
    for _ in range(count):
        start = rng.uniform(0, math.tau)
        point = 1.05 * size * np.array([math.cos(start), math.sin(start)])
        todo = [(point, start + math.pi + rng.normal(0, 0.6), 12)]
        while todo:
            point, heading, length = todo.pop()
            bends = heading + np.cumsum(rng.normal(0, 0.28, length))
            steps = 0.085 * size * np.stack([np.cos(bends), np.sin(bends)], 1)
            curve = point + np.vstack([np.zeros(2), np.cumsum(steps, 0)])
            curves.append(curve)
            for at in rng.integers(2, length, 2) if length > 4 else ():
                fork = bends[at - 1] + rng.choice([-1, 1]) * rng.uniform(0.4, 0.9)
                todo.append((curve[at], fork, length // 2))
    return curves


def _paint_akiec(view, rng, ink):
    """Red, rough and scaly; fades into sun-damaged skin."""
    rho = _outline(view, rng, rng.uniform(0.4, 0.8), 0.3, 0.16)
    area = ramp(rho, 1.35, 0.55)
    ink[BLOOD] += area * rng.uniform(0.25, 0.75) * (1 + 0.35 * view.noise(rng, 0.13))
    ink[BLOOD] += rng.uniform(0, 0.12) * np.maximum(view.noise(rng, 0.25), 0)
    ink[MELANIN] += area * rng.uniform(0.05, 0.8) * ramp(view.noise(rng, 0.3), -0.5, 1.2)
    ink[KERATIN] += area * rng.uniform(0.2, 0.9) * ramp(view.noise(rng, 0.25), 0, 1.5)
    scale = ramp(view.noise(rng, 0.1), 0.6, 1.6) * ramp(view.noise(rng, 0.4), -0.8, 0.7)
    ink[WHITE] += area * rng.uniform(0.1, 0.75) * scale


def _paint_bcc(view, rng, ink):
    """Pink and pearly, crossed by branching vessels; often with blue-grey nests."""
    size = rng.uniform(0.35, 0.75)
    rho = _outline(view, rng, size, 0.2, 0.06)
    area = ramp(rho, 1.15, 0.8)
    ink[BLOOD] += area * rng.uniform(0.1, 0.45) * (1 + 0.2 * view.noise(rng, 0.3))
    ink[WHITE] += area * rng.uniform(0.1, 0.45) * ramp(view.noise(rng, 0.35), -1, 1.3)
    ink[MELANIN] += area * max(0, rng.normal(0, 0.2)) * ramp(view.noise(rng, 0.2), -0.5, 1)
    vessels = view.strokes(_vessels(rng, rng.integers(1, 7), size), 0.02)
    ink[BLOOD] += rng.uniform(0.3, 0.9) * ramp(rho, 1.3, 1) * vessels
    if rng.random() < 0.55:
        nests = _dots(view, rng, rng.integers(1, 9), 0.8 * size, rng.uniform(0.15, 0.35) * size)
        nests = ramp(nests * (1 + 0.35 * view.noise(rng, 0.15)), 0.2, 1)
        ink[DEEP] += nests * rng.uniform(0.5, 1.2)
        ink[MELANIN] += nests * rng.uniform(0, 0.8)
    if rng.random() < 0.25:
        sore = _dots(view, rng, 1, 0.3, 0.35 * size) * ramp(view.noise(rng, 0.2), -2, 0.5)
        ink[BLOOD] += 1.1 * sore
        ink[MELANIN] += 0.4 * sore


def _paint_bkl(view, rng, ink):
    """Waxy tan to dark brown with a sharp border, bright milia and dark openings."""
    size = rng.uniform(0.4, 0.8)
    flat = rng.random() < 0.25  # a lentigo: even, thin, moth-eaten border
    rho = _outline(view, rng, size, 0.2, 0.09 if flat else 0.035)
    area = ramp(rho, 1.06, 0.95)
    tone = rng.uniform(0.25, 0.6) if flat else rng.uniform(0.4, 1.5)
    ink[MELANIN] += area * tone * (1 + 0.2 * view.noise(rng, 0.15))
    ink[KERATIN] += area * rng.uniform(0.1, 0.7)
    ink[BLOOD] += area * rng.uniform(0, 0.25)
    ink[WHITE] += area * rng.uniform(0, 0.25)
    if flat:
        ink[MELANIN] += area * 0.4 * _network(view, rng, 0.1)
        return
    milia = area * _dots(view, rng, rng.integers(0, 18), 0.8 * size, 0.045, hard=True)
    ink[MELANIN] *= 1 - 0.6 * milia
    ink[WHITE] += rng.uniform(0.15, 0.5) * milia
    ink[KERATIN] += 0.4 * milia
    openings = area * _dots(view, rng, rng.integers(0, 16), 0.85 * size, 0.045)
    ink[MELANIN] += rng.uniform(0.4, 1.4) * openings
    furrows = ramp(np.abs(view.noise(rng, 0.25)), 0.3, 0)
    ink[MELANIN] += area * rng.uniform(0, 0.8) * furrows


def _paint_df(view, rng, ink):
    """A white, scar-like centre in a soft brown ring with a delicate network."""
    rho = _outline(view, rng, rng.uniform(0.4, 0.75), 0.12, 0.07)
    area = ramp(rho, 1.35, 0.65)
    core = ramp(rho + 0.08 * view.noise(rng, 0.1), rng.uniform(0.5, 0.85), 0.1)
    net = 0.75 + 0.45 * _network(view, rng, rng.uniform(0.08, 0.12))
    ink[MELANIN] += area * (1 - 0.85 * core) * rng.uniform(0.25, 0.8) * net
    ink[BLOOD] += area * rng.uniform(0.05, 0.5) * (1 - 0.5 * core)
    ink[WHITE] += core * rng.uniform(0.2, 0.7) * (1 + 0.25 * view.noise(rng, 0.13))


def _paint_mel(view, rng, ink):
    """Asymmetric and notched, in several colours; an early one passes for a nevus."""
    grade = rng.uniform(0.1, 1)
    rho = _outline(view, rng, rng.uniform(0.45, 0.9), 0.12 + 0.25 * grade, 0.04 + 0.12 * grade)
    area = ramp(rho, 1.15, 0.85)
    lean = rng.uniform(0, math.tau)
    side = view.u * math.cos(lean) + view.v * math.sin(lean)
    dark = ramp(view.noise(rng, 0.35) + 1.5 * grade * side, -1, 1.4)
    ink[MELANIN] += area * (rng.uniform(0.4, 1) + (0.4 + 1.7 * grade) * dark)
    ink[MELANIN] += area * rng.uniform(0.2, 0.6) * _network(view, rng, rng.uniform(0.09, 0.13))
    ink[BLOOD] += area * rng.uniform(0, 0.6) * ramp(view.noise(rng, 0.4), -0.5, 1)
    veil = area * ramp(view.noise(rng, 0.45), 0.9 - grade, 2.2)
    ink[DEEP] += rng.uniform(0.4, 1.3) * veil
    ink[WHITE] += rng.uniform(0.1, 0.4) * veil
    scar = area * grade * ramp(view.noise(rng, 0.35), 0.6, 2.2)
    ink[MELANIN] *= 1 - 0.8 * np.maximum(scar, 0.8 * veil)
    ink[WHITE] += 0.4 * scar
    ink[MELANIN] += grade * 1.2 * _dots(view, rng, rng.integers(0, 12), 0.7, 0.035) * area


def _paint_nv(view, rng, ink):
    """Round, even and brown with a fine network; one in six is atypical."""
    odd = rng.random() < 0.17
    rho = _outline(view, rng, rng.uniform(0.3, 0.7), 0.3 if odd else 0.1, 0.09 if odd else 0.04)
    area = ramp(rho, 1 + rng.uniform(0.08, 0.3), 0.85)
    tone = rng.uniform(0.35, 1.5) * (1 + rng.uniform(-0.3, 0.6) * ramp(rho, 0.95, 0))
    ink[MELANIN] += area * tone * (1 + (0.35 if odd else 0.12) * view.noise(rng, 0.25))
    ink[BLOOD] += area * rng.uniform(0, 0.45)
    if rng.random() < 0.7:
        ink[MELANIN] += area * rng.uniform(0.2, 0.7) * _network(view, rng, rng.uniform(0.08, 0.11))
    else:
        ink[MELANIN] += area * 0.5 * _dots(view, rng, rng.integers(8, 20), 0.5, 0.04)


def _paint_vasc(view, rng, ink):
    """Red to purple lagoons, sharply set apart by paler walls."""
    size = rng.uniform(0.3, 0.65)
    rho = _outline(view, rng, size, 0.15, 0.05)
    area = ramp(rho, 1.08, 0.92)
    near, second, shade = np.full((3, *view.u.shape), 9, np.float32)
    wobble = 0.012 * view.noise(rng, 0.15)
    for square in _scatter(view, rng, rng.integers(8, 26), size):
        far = np.sqrt(square) + wobble * rng.normal()
        second = np.minimum(second, np.maximum(near, far))
        shade = np.where(far < near, np.float32(rng.random()), shade)
        near = np.minimum(near, far)
    lagoon = ramp(second - near, rng.uniform(-0.05, 0.01), rng.uniform(0.1, 0.2))
    ink[BLOOD] += area * rng.uniform(0.6, 1.4) * (0.5 + lagoon * (0.3 + 0.5 * shade))
    ink[DEEP] += area * lagoon * rng.uniform(0, 0.8) * ramp(shade, 0.2, 1.1)
    ink[WHITE] += area * rng.uniform(0, 0.3) * ramp(view.noise(rng, 0.3), -1, 2) * (1 - lagoon)


PAINTERS = {
    "akiec": _paint_akiec, "bcc": _paint_bcc, "bkl": _paint_bkl, "df": _paint_df,
    "mel": _paint_mel, "nv": _paint_nv, "vasc": _paint_vasc,
}  # fmt: skip
