"""Interactive figures as Vega-Lite: the same curves as the static ones, to be asked for numbers.

Whoever has no mouse sets a threshold or a coverage with a slider, and reads the numbers in the
figure. A specification is a plain dictionary; its data are text in CSV, which is short.
"""

import altair as alt

from skinlib.common.classes import CLASSES
from skinlib.plots import vega
from skinlib.plots.style import COLOURS, INK


def roc(points, facts, titles):
    """ROC curves of one model at a time, and what a threshold does.

    Parameters
    ----------
    points, facts : pandas.DataFrame
        Of `skinlib.stats.curve_points.roc`.
    titles : sequence of str
        Of the models, by their place.

    Returns
    -------
    dict
        Vega-Lite.
    """
    model = alt.param(
        name="model", value=0,
        bind=alt.binding_select(options=list(range(len(titles))), labels=list(titles),
                                name="Model "),
    )  # fmt: skip
    cut = alt.param(
        name="cut", value=0.5, bind=alt.binding_range(min=0, max=1, step=0.02, name="Threshold ")
    )
    chosen = alt.selection_point(name="chosen", fields=["class"], bind="legend")
    near = vega.pointed_at()
    base = (
        vega.table(points)
        .transform_filter("datum.model === model")
        .transform_calculate(
            key="datum.model + datum['class']",
            false="1 - datum.specificity",
            line=f"{vega.LINE} * ({len(CLASSES)} - 0.6 - indexof({list(CLASSES)}, datum['class']))",
        )
        .transform_lookup(
            lookup="key",
            from_=alt.LookupData(vega.data(facts), key="key", fields=["name", "images", "auc"]),
        )
        .encode(
            x=alt.X("false:Q", title="1 − specificity", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("sensitivity:Q", title="sensitivity", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color(
                "class:N", scale=alt.Scale(domain=list(CLASSES), range=list(COLOURS)),
                legend=alt.Legend(title="Class", orient="bottom", columns=4),
            ),
            opacity=alt.condition(chosen, alt.value(1), alt.value(0.12)),
            tooltip=[
                alt.Tooltip("name:N", title="Class"),
                alt.Tooltip("threshold:Q", title="Threshold", format=".3~r"),
                alt.Tooltip("sensitivity:Q", title="Sensitivity", format=".3f"),
                alt.Tooltip("specificity:Q", title="Specificity", format=".3f"),
                alt.Tooltip("images:Q", title="n"),
                alt.Tooltip("auc:Q", title="AUC", format=".3f"),
            ],
        )
    )  # fmt: skip
    lines = base.mark_line(strokeWidth=1.8).encode(order="step:Q").add_params(chosen)
    there = base.transform_filter("isValid(datum.threshold)")
    hovered = (
        there.mark_circle(size=vega.REACH)
        .encode(opacity=alt.condition(near, alt.value(0.6), alt.value(0)))
        .add_params(near)
    )
    set_to = there.transform_filter("abs(datum.threshold - cut) < 0.0001")
    marks = set_to.mark_point(size=70, shape="diamond", filled=True, stroke="white")
    said = (
        set_to.transform_calculate(
            said="datum['class'] + '  ' + format(datum.sensitivity, '.3f') + ' / ' + "
            "format(datum.specificity, '.3f') + ', n = ' + datum.images"
        )
        .mark_text(align="right", fontSize=vega.FONT)
        .encode(
            x=alt.XValue("width"),
            y="line:Q",
            text="said:N",
            color=alt.value(INK),
            tooltip=alt.value(None),
        )
    )
    head = vega.words(
        "'at ' + format(cut, '.2f') + ': sensitivity / specificity'",
        vega.LINE * (len(CLASSES) + 0.4),
    ).encode(x=alt.XValue("width"))
    diagonal = (
        vega.table([{"false": 0, "sensitivity": 0}, {"false": 1, "sensitivity": 1}])
        .mark_line(color="#999999", strokeDash=[4, 4], strokeWidth=1)
        .encode(x="false:Q", y="sensitivity:Q")
    )
    return vega.finished(
        alt.layer(diagonal, lines, marks, said, head, hovered).add_params(model, cut),
        f"ROC curves of one model at a time, one line a class. Models: {', '.join(titles)}.",
    )


def confusion(cells, titles):
    """Confusion matrix of one model at a time, as counts or as shares.

    Parameters
    ----------
    cells : pandas.DataFrame
        Of `skinlib.stats.curve_points.confusion`.
    titles : sequence of str
        Of the models.

    Returns
    -------
    dict
        Vega-Lite.
    """
    model = vega.choice("model", "Model ", titles)
    kinds = {"images": "counts", "of_true": "share of the true class",
             "of_predicted": "share of the predicted class"}  # fmt: skip
    kind = alt.param(
        name="kind", value="images",
        bind=alt.binding_radio(options=list(kinds), labels=list(kinds.values()), name="Cells "),
    )  # fmt: skip
    # Counts are shaded as the static figure has it.
    shade = "kind === 'of_predicted' ? datum.of_predicted : datum.of_true"
    said = "kind === 'images' ? format(datum.images, 'd') : format(datum[kind], '.2f')"
    base = (
        vega.table(cells)
        .transform_filter("datum.model === model")
        .transform_calculate(shade=shade, said=said)
        .encode(
            x=alt.X("predicted:N", sort=list(CLASSES), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("true:N", sort=list(CLASSES)),
            tooltip=[
                alt.Tooltip("true:N", title="True"),
                alt.Tooltip("predicted:N", title="Predicted"),
                alt.Tooltip("images:Q", title="Images"),
                alt.Tooltip("of_true:Q", title="Share of the true class", format=".3f"),
                alt.Tooltip("of_predicted:Q", title="Share of the predicted", format=".3f"),
            ],
        )
    )
    blues = alt.Scale(range=["#f7fbff", "#6baed6", "#08306b"], domain=[0, 0.5, 1])
    squares = base.mark_rect().encode(color=alt.Color("shade:Q", scale=blues, legend=None))
    words = base.mark_text(fontSize=vega.FONT + 1).encode(
        text="said:N",
        color=alt.condition("datum.shade > 0.7", alt.value("white"), alt.value("black")),
    )
    return vega.finished(
        alt.layer(squares, words).add_params(model, kind),
        f"Confusion matrix of one model at a time. Models: {', '.join(titles)}.",
    )


def risk_coverage(points):
    """Risk against coverage of all models, and what a coverage costs.

    Parameters
    ----------
    points : pandas.DataFrame
        Of `skinlib.stats.curve_points.risk_coverage`.

    Returns
    -------
    dict
        Vega-Lite.
    """
    titles = list(dict.fromkeys(points["model"]))
    share = alt.param(
        name="share", value=80, bind=alt.binding_range(min=1, max=100, step=1, name="Coverage, % ")
    )
    chosen = alt.selection_point(name="chosen", fields=["model"], bind="legend")
    near, colours = vega.pointed_at(), vega.cycle(len(titles))
    # The first few answers are too few for a share; they must not set the scale. Above it
    # there is room for a line of text a model.
    top = max(points.loc[points["percent"] >= 5, "risk"].max(), 0.01)
    top /= 1 - vega.LINE * (len(titles) + 2)
    base = (
        vega.table(points)
        .transform_calculate(
            line=f"{top} * (1 - {vega.LINE} * (1.5 + indexof({titles}, datum.model)))",
            said="datum.model + ': ' + format(datum.risk, '.3f') + ' (' + "
            "format(datum.confidence, '.2f') + ')'",
        )
        .encode(
            x=alt.X("coverage:Q", title="coverage: share of the images answered",
                    scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("risk:Q", title="risk: share of wrong answers",
                    scale=alt.Scale(domain=[0, top], nice=False)),
            color=alt.Color("model:N", scale=alt.Scale(domain=titles, range=colours),
                            legend=alt.Legend(title="Model", orient="bottom", columns=1)),
            opacity=alt.condition(chosen, alt.value(1), alt.value(0.12)),
            tooltip=[
                alt.Tooltip("model:N", title="Model"),
                alt.Tooltip("coverage:Q", title="Coverage", format=".3f"),
                alt.Tooltip("risk:Q", title="Risk", format=".3f"),
                alt.Tooltip("confidence:Q", title="Least confidence", format=".3f"),
                alt.Tooltip("images:Q", title="Images answered"),
            ],
        )
    )  # fmt: skip
    lines = base.mark_line(strokeWidth=1.8, clip=True).encode(order="percent:Q")
    hovered = (
        base.mark_circle(size=vega.REACH, clip=True)
        .encode(opacity=alt.condition(near, alt.value(0.6), alt.value(0)))
        .add_params(near)
    )
    set_to = base.transform_filter("datum.percent === share")
    marks = set_to.mark_point(size=70, shape="diamond", filled=True, stroke="white")
    said = set_to.mark_text(align="left", fontSize=vega.FONT).encode(
        x=alt.XValue(6), y="line:Q", text="said:N", color=alt.value(INK), tooltip=alt.value(None)
    )
    head = vega.words(
        "'surest ' + share + ' %: risk (least confidence)'", top * (1 - vega.LINE / 2), align="left"
    )
    return vega.finished(
        alt.layer(lines.add_params(chosen), marks, said, head.encode(x=alt.XValue(6)), hovered)
        .add_params(share),
        f"Risk against coverage, one line a model: {', '.join(titles)}.",
        vega.HEIGHT + 14 * len(titles),
    )  # fmt: skip
