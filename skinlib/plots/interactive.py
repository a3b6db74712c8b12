"""Interactive figures as Vega-Lite: what the static ones show, with numbers on request.

A reader without a mouse sets a threshold with a slider and reads the numbers in the figure. A
specification is a plain dictionary; its data are text in CSV, which is short.
"""

import altair as alt

from skinlib.common.classes import CLASSES
from skinlib.plots.style import COLOURS, INK, MUTED

FONT = 11
# Height of a line of text within a figure, as a share of the axis.
LINE = 0.05
# Area of the discs that feel the pointer, in square pixels: a finger is not exact.
REACH = 180


def roc(points, facts, titles):
    """Return ROC curves of one model at a time, and what a threshold does.

    From the frames of `skinlib.stats.curve_points.roc`, and titles of the models by their place.
    """
    model = alt.param(
        name="model", value=0,
        bind=alt.binding_select(options=list(range(len(titles))), labels=list(titles),
                                name="Model "),
    )  # fmt: skip
    threshold = alt.binding_range(name="Threshold ", min=0, max=1, step=0.02)
    cut = alt.param(name="cut", value=0.5, bind=threshold)
    known = alt.LookupData(_data(facts), key="key", fields=["name", "images", "auc"])
    base = (
        alt.Chart(_data(points))
        .transform_filter("datum.model === model")
        .transform_calculate(
            key="datum.model + datum['class']",
            false="1 - datum.specificity",
            line=f"{LINE} * ({len(CLASSES)} - 0.6 - indexof({list(CLASSES)}, datum['class']))",
        )
        .transform_lookup(lookup="key", from_=known)
        .transform_calculate(
            written="datum['class'] + '  ' + format(datum.sensitivity, '.3f') + ' / ' + "
            "format(datum.specificity, '.3f') + ', n = ' + datum.images"
        )
        .encode(
            x=alt.X("false:Q", title="1 − specificity", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("sensitivity:Q", title="sensitivity", scale=alt.Scale(domain=[0, 1])),
            tooltip=_tips(
                {"name:N": "Class", "threshold:Q": "Threshold", "sensitivity:Q": "Sensitivity",
                 "specificity:Q": "Specificity", "images:Q": "n", "auc:Q": "AUC"}
            ),
        )
    )  # fmt: skip
    head = (
        alt.Chart(alt.InlineData(values=[{"line": LINE * (len(CLASSES) + 0.4)}]))
        .transform_calculate(written="'at ' + format(cut, '.2f') + ': sensitivity / specificity'")
        .mark_text(align="right", fontSize=FONT, color=INK)
        .encode(x=alt.XValue("width"), y="line:Q", text="written:N")
    )
    ends = alt.InlineData(values=[{"false": end, "sensitivity": end} for end in (0, 1)])
    diagonal = (
        alt.Chart(ends)
        .mark_line(color="#999999", strokeDash=[4, 4], strokeWidth=1)
        .encode(x="false:Q", y="sensitivity:Q")
    )
    return _finished(
        alt.layer(diagonal, *_curves(base), head).add_params(model, cut),
        f"ROC curves of one model at a time, one line a class. Models: {', '.join(titles)}.",
    )


def confusion(cells, titles):
    """Return the confusion matrix of one model at a time, as counts or as shares.

    From the frame of `skinlib.stats.curve_points.confusion`, and titles of the models.
    """
    choice = alt.binding_select(options=list(titles), name="Model ")
    model = alt.param(name="model", value=titles[0], bind=choice)
    kinds = {"images": "counts", "of_true": "share of the true class",
             "of_predicted": "share of the predicted class"}  # fmt: skip
    choice = alt.binding_radio(options=list(kinds), labels=list(kinds.values()), name="Cells ")
    kind = alt.param(name="kind", value="images", bind=choice)
    base = (
        alt.Chart(_data(cells))
        .transform_filter("datum.model === model")
        .transform_calculate(
            # Counts are shaded as the static figure has it.
            shade="kind === 'of_predicted' ? datum.of_predicted : datum.of_true",
            written="kind === 'images' ? format(datum.images, 'd') : format(datum[kind], '.2f')",
        )
        .encode(
            x=alt.X("predicted:N", sort=list(CLASSES), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("true:N", sort=list(CLASSES)),
            tooltip=_tips(
                {"true:N": "True", "predicted:N": "Predicted", "images:Q": "Images",
                 "of_true:Q": "Share of the true class",
                 "of_predicted:Q": "Share of the predicted"}
            ),
        )
    )  # fmt: skip
    blues = alt.Scale(range=["#f7fbff", "#6baed6", "#08306b"], domain=[0, 0.5, 1])
    squares = base.mark_rect().encode(color=alt.Color("shade:Q", scale=blues, legend=None))
    words = base.mark_text(fontSize=FONT + 1).encode(
        text="written:N",
        color=alt.condition("datum.shade > 0.7", alt.value("white"), alt.value("black")),
    )
    return _finished(
        alt.layer(squares, words).add_params(model, kind),
        f"Confusion matrix of one model at a time. Models: {', '.join(titles)}.",
    )


def _curves(base):
    """Return the layers of a curve a class: lines, the threshold's marks and words, and discs.

    The discs are what the pointer feels.
    """
    chosen = alt.selection_point(name="chosen", fields=["class"], bind="legend")
    near = alt.selection_point(name="near", on="pointerover", clear="pointerout", empty=False)
    base = base.encode(
        color=alt.Color(
            "class:N", scale=alt.Scale(domain=list(CLASSES), range=list(COLOURS)),
            legend=alt.Legend(title="Class", orient="bottom", columns=4),
        ),
        opacity=alt.condition(chosen, alt.value(1), alt.value(0.12)),
    )  # fmt: skip
    lines = base.mark_line(strokeWidth=1.8, clip=True).encode(order="step:Q").add_params(chosen)
    base = base.transform_filter("isValid(datum.threshold)")
    discs = (
        base.mark_circle(size=REACH, clip=True)
        .encode(opacity=alt.condition(near, alt.value(0.6), alt.value(0)))
        .add_params(near)
    )
    base = base.transform_filter("abs(datum.threshold - cut) < 0.0001")
    marks = base.mark_point(size=70, shape="diamond", filled=True, stroke="white")
    words = base.mark_text(align="right", fontSize=FONT).encode(
        x=alt.XValue("width"), y="line:Q", text="written:N", color=alt.value(INK),
        tooltip=alt.value(None),
    )  # fmt: skip
    return lines, marks, words, discs


def _tips(fields):
    """Return what the pointer shows, by field; shares with three digits."""
    formats = {"threshold:Q": ".3~r", "images:Q": "d"}
    other = {field: ".3f" if field.endswith(":Q") else alt.Undefined for field in fields}
    formats = other | formats
    return [alt.Tooltip(each, title=title, format=formats[each]) for each, title in fields.items()]


def _data(frame):
    """Return a table as CSV."""
    text = frame.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    numbers = dict.fromkeys(frame.select_dtypes("number").columns, "number")
    return alt.InlineData(values=text, format=alt.CsvDataFormat(type="csv", parse=numbers))


def _finished(chart, description):
    """Return the dictionary of a chart that is as wide as its page lets it be."""
    chart = (
        chart.properties(width="container", height=420, description=description,
                         autosize=alt.AutoSizeParams(type="fit", contains="padding"))
        .configure(background="white", font="sans-serif", padding=5)
        .configure_view(stroke=None)
        .configure_axis(gridColor="#dddddd", labelColor=INK, titleColor=INK, labelFontSize=FONT,
                        titleFontSize=FONT + 1, titleFontWeight="normal", tickCount=5)
        .configure_legend(labelColor=INK, titleColor=MUTED, labelFontSize=FONT + 1,
                          symbolOpacity=1, labelLimit=0)
    )  # fmt: skip
    made = chart.to_dict()
    # No page names another server, and the reader of this knows which language it is.
    made.pop("$schema")
    return made
