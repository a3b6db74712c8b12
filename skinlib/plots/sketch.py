"""Boxes, arrows and words on a page measured in inches: what drawn schemes are made of."""

import dataclasses
import itertools

import matplotlib as mpl
from matplotlib.patches import FancyBboxPatch, Rectangle

from skinlib.plots.style import INK, SMALL, STYLE, BookFigure

# What a box stands for: its fill, a tint that black text reads on, and its edge.
KINDS = {
    "plain": ("#f2f2f2", "#5f5f5f"),
    "image": ("#dcebf6", "#0072B2"),
    "attention": ("#fce5d6", "#c25400"),
    "metadata": ("#d6f0e7", "#007a59"),
    "output": ("#f7e4ef", "#a8507f"),
}


@dataclasses.dataclass(frozen=True)
class Box:
    """A place on the page, in inches from the top left; arrows start and end at its sides."""

    x: float
    y: float
    width: float
    height: float

    @property
    def top(self):
        """Middle of the upper side."""
        return self.x + self.width / 2, self.y

    @property
    def bottom(self):
        """Middle of the lower side."""
        return self.x + self.width / 2, self.y + self.height

    @property
    def left(self):
        """Middle of the left side."""
        return self.x, self.y + self.height / 2

    @property
    def right(self):
        """Middle of the right side."""
        return self.x + self.width, self.y + self.height / 2

    @property
    def centre(self):
        """The middle."""
        return self.x + self.width / 2, self.y + self.height / 2


class Sketch:
    """An empty page; the origin is the top left, y runs downwards, one unit is one inch.

    Parameters
    ----------
    width, height : float
        Inches.
    """

    def __init__(self, width, height):
        with mpl.rc_context(STYLE):
            self.figure = BookFigure(figsize=(width, height))
            self.axes = self.figure.add_axes((0, 0, 1, 1))
            self.axes.set(xlim=(0, width), ylim=(height, 0))
            self.axes.axis("off")

    def box(self, x, y, width, height, text="", kind="plain", dashed=False, size=SMALL + 0.5):
        """Draw a box with centred text; return its `Box`."""
        fill, edge = KINDS[kind]
        shape = FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.06", linewidth=1.1,
            facecolor="none" if dashed else fill, edgecolor=edge,
            linestyle=(0, (4, 2.5)) if dashed else "-",
        )  # fmt: skip
        self.axes.add_patch(shape)
        place = Box(x, y, width, height)
        if text:
            self.text(*place.centre, text, size=size)
        return place

    def rectangle(self, x, y, width, height, **style):
        """Draw a plain rectangle; return its `Box`."""
        self.axes.add_patch(Rectangle((x, y), width, height, **style))
        return Box(x, y, width, height)

    def text(self, x, y, text, size=SMALL, ha="center", va="center", **style):
        """Write text."""
        style = {"color": INK, "linespacing": 1.35} | style
        with mpl.rc_context(STYLE):
            return self.axes.text(x, y, text, fontsize=size, ha=ha, va=va, **style)

    def arrow(self, *points, colour=INK, head=True):
        """Draw a line through points with an arrowhead at its end."""
        if len(points) > 2:
            xs, ys = zip(*points[:-1], strict=True)
            self.axes.plot(xs, ys, color=colour, linewidth=1.2, solid_joinstyle="round")
        style = {"arrowstyle": "-|>,head_width=0.22,head_length=0.4" if head else "-"}
        style |= {"color": colour, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
        with mpl.rc_context(STYLE):
            self.axes.annotate("", points[-1], points[-2], arrowprops=style)

    def chain(self, *boxes):
        """Draw an arrow down from each box to the next."""
        for above, below in itertools.pairwise(boxes):
            self.arrow(above.bottom, below.top)
