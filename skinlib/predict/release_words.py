"""Tables and sentences about a released model, from ``model.json`` and its run's predictions.

The model card and the book's page say the same, so they say it with the same functions. No
TensorFlow is needed.
"""

import numpy as np
import pandas as pd
from scipy import stats

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.experiments import external, subgroup_words, tables
from skinlib.stats import bootstrap, calibration, scores
from skinlib.stats.bootstrap import Estimate

PARTS = {"test": "own test part", external.PART: "official test"}
METRICS = (*scores.SCORES, "melanoma recall")
SHARES = {
    "coverage": "Answered",
    "risk": "Wrong among the answered",
    "error": "Wrong if all were answered",
    "error_passed_on": "Wrong among those passed on",
    "unlike": "Passed on as unlike",
}


def markdown_table(frame):
    """Return a frame as a Markdown table; cells are words and numbers without a bar."""
    rows = [list(frame), ["---"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def parts(run):
    """Return the reported parts that a run has, by name."""
    held_out = set(run.predictions()["part"])
    return {part: words for part, words in PARTS.items() if part in held_out}


def estimates(run, part):
    """Return an `Estimate` of each of `METRICS` on a part of a run."""
    labels, probabilities, lesions = run.arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    recalls = bootstrap.recalls(weights, labels, probabilities.argmax(axis=1))
    columns = scores.scores(weights, labels, probabilities).T
    values = [*columns, recalls[:, CLASSES.index("mel")]]
    return dict(zip(METRICS, map(bootstrap.estimate, values), strict=True))


def of_metrics(run):
    """Return the frame of metrics, a column a part."""
    frame = pd.DataFrame({"Metric": ["images", "lesions", *METRICS]})
    for part, words in parts(run).items():
        labels, _, lesions = run.arrays(part)
        counts = [f"{len(labels):,}", f"{len(np.unique(lesions)):,}"]
        frame[words] = [*counts, *(each.text() for each in estimates(run, part).values())]
    return frame


def of_classes(run, part="test"):
    """Return the frame of classes: images, recall with interval, and other one-vs-rest metrics."""
    labels, probabilities, lesions = run.arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    recalls = bootstrap.recalls(weights, labels, probabilities.argmax(axis=1))
    each = tables.per_class(run, part)
    return pd.DataFrame(
        {
            "Class": [f"{name}, {LONG_NAMES[name]}" for name in CLASSES],
            "Images": each["Images"],
            "Recall": [bootstrap.estimate(column).text() for column in recalls.T],
            "Precision": each["Precision"],
            "AUC": each["AUC"],
        }
    )


def share(values, digits=3):
    """Format ``[value, low, high]`` as per cent with its interval."""
    return "–" if values is None else Estimate(*values).text(digits, percent=True)


def of_abstention(model):
    """Return the frame of what the rule does, a column a part."""
    frame = pd.DataFrame({"Share of the images": ["images", *SHARES.values()]})
    for part, found in model["abstention"]["measured"].items():
        frame[PARTS[part]] = [f"{found['images']:,}", *(share(found[key]) for key in SHARES)]
    return frame


def rule(model):
    """Say the rule by which a model does not answer, and what it does; Markdown."""
    chosen = model["abstention"]
    least, without = chosen["confidence"], chosen["confidence_without"]
    if least is None:
        first = (
            "* **Not sure enough:** always. On the validation part no threshold kept wrong "
            f"answers to {100 * chosen['risk']:.0f} %, so this model answers nothing."
        )
    else:
        first = (
            f"* **Not sure enough:** the calibrated probability of the best class is below "
            f"{100 * least:.1f} %. On the validation part this was the lowest threshold at which "
            f"at most {100 * chosen['risk']:.0f} % of the answers were wrong."
        )
    if model["without_facts"]:
        first += " Where age, sex or site is not known, " + (
            "nothing is answered: no threshold was enough there."
            if without is None
            else f"the threshold is {100 * without:.1f} %, chosen in the same way with all three "
            "left out."
        )
    lines = [
        first,
        "* **Unlike the training pictures:** its colours, or what the network makes of it, are "
        "farther from the training pictures than "
        f"{chosen['percentile']:g} % of the validation part: the distance, in units of that limit, "
        f"is above {chosen['distance']:g}.",
        "",
    ]
    for part, found in chosen["measured"].items():
        melanoma = found["melanoma"]
        lines.append(
            f"Measured on the {PARTS[part]} ({found['images']:,} images, which chose nothing): "
            f"{share(found['coverage'])} are answered, and {share(found['risk'])} of these answers "
            f"are wrong; if all were answered it would be {share(found['error'])}. Of "
            f"{melanoma['images']} photographs of melanoma {melanoma['right']} are named, "
            f"{melanoma['passed_on']} passed on, and **{melanoma['wrong']} called something else** "
            f"({_by_photograph(melanoma['wrong'], melanoma['images'])})."
            f"{_missed(found['risk'], chosen['risk'])}"
        )
        lines.append("")
    return "\n".join(lines)


def _by_photograph(count, images):
    """Format a share with Wilson's interval; which photographs share a lesion is not on record."""
    if not images:
        return "there are none"
    low, high = stats.binomtest(count, images).proportion_ci(method="wilson")
    found = Estimate(count / images, low, high).text(percent=True)
    return f"{found}, each photograph counted by itself, so rather too narrow"


def _missed(risk, aim):
    """Say that the share of wrong answers is above the aim, where its whole interval is."""
    if risk is None or risk[1] <= aim:
        return ""
    return f" **So the aim of {100 * aim:.0f} % is not kept here.**"


def of_foreign(model):
    """Return the frame of pictures that are no photograph of a lesion."""
    rows = [
        {
            "Pictures": row["kind"],
            "Images": row["images"],
            "Passed on as unlike": row["unlike"],
            "Passed on as not sure": row["unsure"],
            "Answered all the same": row["answered"],
        }
        for row in model["foreign"]
    ]
    return pd.DataFrame(rows)


def foreign(model):
    """Say how many foreign pictures a model answers; Markdown."""
    total = sum(row["images"] for row in model["foreign"])
    answered = sum(row["answered"] for row in model["foreign"])
    worst = max(model["foreign"], key=lambda row: row["answered"] / row["images"])
    line = (
        f"Of {total:,} pictures that are no photograph of a lesion, or a spoilt one, {answered:,} "
        "get an answer all the same"
    )
    if answered:
        line += f", most of all {worst['kind']} ({worst['answered']} of {worst['images']})"
    return line + ". An answer is no proof that there is a lesion in the picture.\n"


def facts(model):
    """Say what leaving out age, sex and site costs; Markdown."""
    found = model.get("without_facts")
    if not found:
        return "The model takes no facts about the patient.\n"
    given, none = found["given"], found["none"]
    missed = _missed(none["risk"], model["abstention"]["risk"])
    change = {key: Estimate(*values) for key, values in found["difference"].items()}
    rightly = change["accuracy"].text(signed=True, percent=True, unit="")
    recall = change["mean_recall"].text(signed=True)
    return (
        f"With age, sex and site as the data have them it names {share(given['accuracy'])} of the "
        f"test photographs rightly (mean recall {Estimate(*given['mean_recall']).text()}); with "
        f"none of the three {share(none['accuracy'])} ({Estimate(*none['mean_recall']).text()}): "
        f"on the same photographs that is {rightly} percentage points, and {recall} of mean "
        "recall. "
        "That is a network trained with the three and then asked without; what training with them "
        f"is worth is another question. Without them it answers {share(none['coverage'])}, with "
        f"{share(none['risk'])} of the answers wrong.{missed}\n"
    )


def rounding(model):
    """Say what float16 changes; Markdown."""
    lines = [
        f"* {part} part: probabilities change by at most {100 * found['largest_change']:.2f} "
        f"percentage points, {found['answers_changed']} of {found['images']:,} answers change, "
        f"accuracy by {100 * found['accuracy_change']:+.2f} and mean recall by "
        f"{100 * found['mean_recall_change']:+.2f} percentage points."
        for part, found in model["float16"].items()
    ]
    return "\n".join(lines) + "\n"


def calibrated(model, run):
    """Say how far confidence and accuracy agree, before and after scaling; Markdown."""
    lines = []
    for part, words in parts(run).items():
        labels, plain, lesions = run.arrays(part)
        scaled = calibration.calibrated(plain, model["temperature"])
        weights = bootstrap.cluster_weights(lesions)
        gap = bootstrap.estimate(calibration.overconfidence(weights, labels, scaled))
        _, high = calibration.chance_ece(scaled, lesions)
        lines.append(
            f"* {words}: expected calibration error {calibration.ece(labels, plain):.3f} as "
            f"trained, {calibration.ece(labels, scaled):.3f} with temperature "
            f"{model['temperature']:.2f} (a perfectly calibrated model stays below {high:.3f} in "
            f"19 of 20 cases); mean confidence less accuracy {gap.text(signed=True)}."
        )
    return "\n".join(lines) + "\n"


def groups_of(run):
    """Return what was measured by groups of patients, by part; empty where nothing was."""
    return subgroup_words.of_run(subgroup_words.read(), run.record["identity"])


def of_groups(run, attribute, part="test"):
    """Return the frame of groups of patients by an attribute, or None where not measured."""
    found = groups_of(run).get(part)
    if not found:
        return None
    rows = [found["overall"], *found["groups"].get(attribute, [])]
    names = {"group": "Group", "images": "Images", "lesions": "Lesions"}
    columns = {
        "accuracy": "Accuracy",
        "mean_recall": "Mean recall",
        "melanoma_sensitivity": "Melanoma recall",
    }
    return pd.DataFrame(
        [
            {
                **{title: row[key] for key, title in names.items()},
                **{
                    title: "too few" if row[key] is None else Estimate(*row[key]).text()
                    for key, title in columns.items()
                },
            }
            for row in rows
        ]
    )
