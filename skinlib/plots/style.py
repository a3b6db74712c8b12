"""The one style of all figures: colours, fonts, sizes, and figures as reproducible SVG."""

import contextlib
import io

import matplotlib as mpl
import matplotlib.ticker
from matplotlib.figure import Figure

# Okabe and Ito's palette: told apart with the common colour-vision deficiencies.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
BLUE, VERMILLION, GREEN, PURPLE = COLOURS[:4]

# Both reach the contrast of WCAG AA on white, also as small text.
INK, MUTED = "#1a1a1a", "#5f5f5f"

# Inches. At this width the smallest font, 9 points, is still some 9 pixels on a phone of 390
# pixels: figures grow downwards, not sideways.
WIDTH = 5.2
SMALL = 9

STYLE = {
    "font.size": 10,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "hatch.linewidth": 0.6,
    # The page shows through; on a dark page the style sheet turns the colours round.
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    # Photographs inside a figure only; everything else is vector.
    "savefig.dpi": 150,
    # Text stays text: small files, searchable, sharp at any size.
    "svg.fonttype": "none",
    # The same figure gives the same bytes.
    "svg.hashsalt": "skinlib",
}


class BookFigure(Figure):
    """A figure that a notebook shows as SVG, without pyplot and its global state."""

    def _repr_svg_(self):
        return to_svg(self).decode()


@contextlib.contextmanager
def subplots(width=7.0, height=3.2, **grid):
    """Yield a figure of the shared style, in inches, and its axes.

    `grid` is for `matplotlib.figure.Figure.subplots`, which also says what the axes are.
    """
    with mpl.rc_context(STYLE):
        figure = BookFigure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(**grid)


def to_svg(figure):
    """Return a figure as SVG bytes, the same for the same figure: no date, no random ids."""
    out = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def whole_numbers(axis, most=None):
    """Put ticks at whole numbers only; with `most`, at no more than that many round ones."""
    more = {"nbins": most, "steps": (1, 2, 5, 10)} if most else {}
    axis.set_major_locator(mpl.ticker.MaxNLocator(integer=True, **more))


def bare(axes):
    """Leave axes to a picture: no ticks, no grid, no frame."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
