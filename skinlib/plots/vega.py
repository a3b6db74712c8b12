"""What the interactive figures share: data as CSV, things to choose with, one look."""

import altair as alt

from skinlib.plots.style import COLOURS, INK, MUTED

HEIGHT = 420
FONT = 11
# Of a line of text within a figure, as a share of the height of its axis.
LINE = 0.05
# Of the discs that feel the pointer, in square pixels: a finger is not exact.
REACH = 180


def pointed_at():
    """Return what follows the pointer."""
    return alt.selection_point(name="near", on="pointerover", clear="pointerout", empty=False)


def cycle(count):
    """Return so many colours, from the first again where they run out."""
    return [COLOURS[place % len(COLOURS)] for place in range(count)]


def choice(name, title, options):
    """Return a list to choose from, the first of it chosen."""
    bound = alt.binding_select(options=list(options), name=title)
    return alt.param(name=name, value=bound.options[0], bind=bound)


def data(rows):
    """Return rows as a data source: records as they are, a table as CSV."""
    if isinstance(rows, list):
        return alt.InlineData(values=rows)
    text = rows.to_csv(index=False, float_format="%.4g", lineterminator="\n")
    numbers = dict.fromkeys(rows.select_dtypes("number").columns, "number")
    return alt.InlineData(values=text, format=alt.CsvDataFormat(type="csv", parse=numbers))


def table(rows):
    """Return a chart of rows, to be given marks."""
    return alt.Chart(data(rows))


def words(expression, height, align="right"):
    """Return one line of text that follows the reader's choices."""
    return (
        table([{"line": height}])
        .transform_calculate(said=expression)
        .mark_text(align=align, fontSize=FONT, color=INK)
        .encode(y="line:Q", text="said:N")
    )


def finished(chart, description, height=HEIGHT):
    """Return the dictionary of a chart that is as wide as its page lets it be."""
    chart = (
        chart.properties(width="container", height=height, description=description,
                         autosize=alt.AutoSizeParams(type="fit", contains="padding"))
        .configure(background="white", font="sans-serif", padding=5)
        .configure_view(stroke=None)
        .configure_axis(gridColor="#dddddd", labelColor=INK, titleColor=INK, labelFontSize=FONT,
                        titleFontSize=FONT + 1, titleFontWeight="normal", tickCount=5)
        .configure_legend(labelColor=INK, titleColor=MUTED, labelFontSize=FONT + 1,
                          symbolOpacity=1, labelLimit=0)
    )  # fmt: skip
    made = chart.to_dict()
    # Nothing of a page names another server, and the reader of this knows which language it is.
    made.pop("$schema")
    return made
