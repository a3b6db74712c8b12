"""Sentences about tests, passing on, melanoma and calibration; Markdown, no file access."""

from skinlib.evidence.draws import Estimate

NO_VALIDATION = "has no validation part, so nothing could be chosen for it beforehand"


def percent(value, digits=1):
    """Format a share as per cent."""
    return f"{100 * value:.{digits}f} %"


def of_tests(tests, gaps, images, lesions):
    """Say of each pair that has the first model whether they differ; tables have all else.

    Parameters
    ----------
    tests, gaps : pandas.DataFrame
        Of `skinlib.evidence.agreement.tests` and `skinlib.evidence.agreement.differences`.
    images, lesions : int
    """
    if tests.empty:
        return "A test between models needs two of them; one has run.\n"
    ours = tests["first"].iloc[0]
    told = tests[tests["first"] == ours]
    lines = [
        f"All models answer the same {images:,} test photographs of {lesions:,} lesions; "
        f"{len(tests)} {'pair' if len(tests) == 1 else 'pairs'} of models, and Holm's correction "
        "over all of them."
        + (f" Those with *{ours}* are told here; the tables have all." if len(told) < len(tests)
           else ""),
        "",
    ]  # fmt: skip
    accuracy = gaps[gaps["metric"] == "accuracy"].set_index(["first", "second"])["difference"]
    lines += [
        f"* *{row.first}* against *{row.second}*: accuracy "
        f"{accuracy[row.first, row.second].text(signed=True)}. {_verdict(row)}"
        for row in told.itertuples()
    ]
    return "\n".join(lines) + "\n"


def _verdict(row):
    """Say what both tests of a pair say at 5 %."""
    image, lesion = (value <= 0.05 for value in (row.holm_image, row.holm_lesion))
    p = f"(Holm: p {_p(row.holm_image)} by image, {_p(row.holm_lesion)} by lesion)"
    if image and lesion:
        better = row.second if row.only_second > row.only_first else row.first
        return f"Both tests tell their accuracies apart, in favour of *{better}* {p}."
    if image:
        return (
            "Image by image the test tells their accuracies apart; counting each lesion as one "
            f"piece of evidence it does not, so **the difference is open** {p}."
        )
    if lesion:
        return f"By lesion the test tells their accuracies apart, image by image it does not {p}."
    return f"**Neither test tells their accuracies apart** {p}."


def _p(value):
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def of_selective(waived, models, risk):
    """Say what each model gains by passing on images.

    Parameters
    ----------
    waived : dict of str to dict of str to skinlib.evidence.draws.Estimate
        By title: ``error``, ``coverage`` at `risk` on the test part's own curve and, where a
        confidence was chosen on the validation part, ``answered`` and ``risk``.
    models : dict of str to skinlib.evidence.uncertainty_pages.Model
    risk : float
        Aimed at on the validation part.
    """
    lines = []
    for title, found in waived.items():
        text = f"* *{title}* errs on {found['error'].text(percent=True)} of all photographs."
        if "answered" in found:
            text += (
                f" With the least confidence that on validation kept errors to {percent(risk, 0)} "
                f"it answers **{found['answered'].text(percent=True)}** and errs on "
                f"**{found['risk'].text(percent=True)}** of these. "
                f"{_missed(found['risk'], risk)}"
            )
        elif models[title].validation:
            text += f" No confidence kept errors to {percent(risk, 0)} on validation."
        else:
            text += f" It {NO_VALIDATION}."
        lines.append(
            f"{text} Its own curve on the test part would promise {percent(risk, 0)} at a "
            f"coverage of {found['coverage'].text(percent=True)}."
        )
    return "\n".join(lines) + "\n"


def _missed(found, most):
    """Say whether a share that should be at most this is."""
    if found.low > most:
        return "The aim was missed."
    return "The aim was more than met." if found.high < most else "The interval includes the aim."


def of_melanoma(rows, melanomas):
    """Say how many melanomas each model finds at a chosen specificity.

    Parameters
    ----------
    rows : list of tuple
        Title, specificity aimed at, threshold, specificity, sensitivity and the sensitivity
        of the test part's ROC curve; the three in the middle None without a validation part.
    melanomas : int
        Photographs of melanoma in the test part.
    """
    lines = [f"The test part has {melanomas:,} photographs of melanoma.", ""]
    silent = []
    for title, target, threshold, got, found, read in rows:
        if threshold is None:
            silent.append(title)
            continue
        lines.append(
            f"* *{title}*, aimed at {percent(target, 0)} specificity: finds "
            f"**{found.text(percent=True)}** of the melanomas at a specificity of "
            f"{got.text(percent=True)} on the test part. {_kept(got, target)} Its ROC curve alone "
            f"would read {read.text(percent=True)}."
        )
    lines += [f"* *{title}* {NO_VALIDATION}." for title in dict.fromkeys(silent)]
    return "\n".join(lines) + "\n"


def _kept(got, target):
    if got.high < target:
        return "The aim was missed."
    if got.low > target:
        return "The aim was more than met."
    return "The interval includes the aim."


def of_calibration(scores, models):
    """Say whether each model's confidence is right, and what one temperature does.

    Parameters
    ----------
    scores : dict of str to list of dict
        By title: as given, and scaled where there is a validation part.
    models : dict of str to skinlib.evidence.uncertainty_pages.Model
    """
    lines = []
    for title, (plain, *scaled) in scores.items():
        over = plain["over"]
        way = {1: "promises too much", -1: "promises too little", 0: "is sure of itself about as "
               "much as it is right"}[over.sign]  # fmt: skip
        text = (
            f"* *{title}* {way}: mean confidence less accuracy is "
            f"{over.text(signed=True, percent=True)}, its calibration error "
            f"{percent(plain['ece'], 2)}. {_by_chance(plain)}"
        )
        if not scaled:
            lines.append(f"{text} It {NO_VALIDATION}.")
            continue
        (after,) = scaled
        lines.append(
            f"{text} One temperature, {models[title].temperature:.2f}, fitted on "
            f"{models[title].validation:,} validation photographs, makes it "
            f"{percent(after['ece'], 2)} and {_changed(after['nll_gained'])}. {_by_chance(after)}"
        )
    return "\n".join(lines) + "\n"


def _changed(gained):
    """Say what scaling does to the log-likelihood, as far as the digits shown tell."""
    if gained.text() == Estimate(0, 0, 0).text():
        return "leaves the NLL as it is, to three places"
    way = {1: "costs", -1: "gains", 0: "leaves open whether it changes"}[gained.sign]
    return f"{way} log-likelihood (change of the NLL a photograph {gained.text(signed=True)})"


def _by_chance(row):
    bound = f"a calibrated model shows up to {percent(row['chance'], 2)} in 19 of 20 cases"
    return f"{'More than chance' if row['ece'] > row['chance'] else 'Chance could do it'}: {bound}."
