"""Where maps lie against the lesion masks, beside what they have to beat."""

from skinlib.figures.style import BLUE, GREEN, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots

NAMES = {
    "attention": "soft attention",
    "gradcam": "Grad-CAM",
    "hirescam": "HiResCAM",
    "darkness": "darkness",
    "box": "centred square",
    "gaussian": "centred Gaussian",
    "even": "even spread",
    "outline": "the mask itself",
    "ceiling": "best possible",
}
_LIMITS = ("outline", "ceiling")
_TITLES = {"mass": "mass inside the lesion", "hit": "pointing game"}


def pointing(groups):
    """Draw scores of maps as points with intervals, one panel a group of runs and a score.

    Parameters
    ----------
    groups : list of (str, pandas.DataFrame)
        Title, and what `skinlib.evidence.pointing_summary.summarise` returns.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = [[name for name in NAMES if name in found.index] for _, found in groups]
    heights = [len(names) + 1.6 for names in rows]
    grid = {"nrows": len(groups), "ncols": 2, "sharex": True, "sharey": "row", "squeeze": False,
            "gridspec_kw": {"height_ratios": heights}}  # fmt: skip
    with subplots(WIDTH, 0.2 * sum(heights) + 0.9, **grid) as (figure, panels):
        for (title, found), names, pair in zip(groups, rows, panels, strict=True):
            for axes, score in zip(pair, _TITLES, strict=True):
                _panel(axes, found, names, score)
            pair[0].set_yticks(range(len(names)), [NAMES[name] for name in names], fontsize=SMALL)
            pair[0].set_ylim(len(names) - 0.4, -0.6)
            pair[0].set_title(title, fontsize=10, loc="left", fontweight="bold")
        for axes, title in zip(panels[-1], _TITLES.values(), strict=True):
            axes.set_xlim(0, 1.03)
            axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=SMALL)
            axes.set_xlabel(title, fontsize=SMALL)
        marks = [panels[0][0].plot([], [], "o", color=BLUE, label="map of the network")[0]]
        marks += panels[0][0].plot([], [], "o", color=GREEN, label="the photograph's darkness")
        marks += panels[0][0].plot([], [], "D", color=VERMILLION, markerfacecolor="white",
                                   label="same, for other lesions")  # fmt: skip
        marks += panels[0][0].plot([], [], "s", color=INK, label="looks at no photograph")
        figure.legend(handles=marks, loc="outside upper left", fontsize=SMALL, ncols=2,
                      handletextpad=0.2, columnspacing=1)  # fmt: skip
    return figure


def _panel(axes, found, names, score):
    for place, name in enumerate(names):
        row, other = found.loc[name], f"{name}_others"
        if other in found.index:
            axes.plot(found.loc[other, score], place, "D", color=VERMILLION, markersize=6,
                      markerfacecolor="white", zorder=2)  # fmt: skip
        colour, mark = (BLUE, "o") if other in found.index else (INK, "s")
        if name == "darkness":
            colour = GREEN
        if name in _LIMITS:
            colour, mark = MUTED, "|"
        axes.plot([row[f"{score}_low"], row[f"{score}_high"]], [place] * 2, color=colour,
                  linewidth=2.5, alpha=0.5)  # fmt: skip
        axes.plot(row[score], place, mark, color=colour, markersize=4 if mark != "|" else 8)
    axes.grid(visible=False, axis="y")
    axes.tick_params(left=False)
