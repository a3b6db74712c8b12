"""Sentences about tests, passing on, melanoma and calibration; Markdown, no file access."""

NO_VALIDATION = "has no validation part, so nothing could be chosen for it beforehand"


def percent(value, digits=1):
    """Format a share as per cent."""
    return f"{100 * value:.{digits}f} %"


def of_tests(tests, gaps, images, lesions):
    """Say of each pair that has the first model whether they differ; tables have the others.

    Parameters
    ----------
    tests, gaps : pandas.DataFrame
        Of `skinlib.evidence.agreement.tests` and `skinlib.evidence.agreement.differences`.
    images, lesions : int
    """
    if tests.empty:
        return "A test between models needs two of them; one has run.\n"
    lines = [
        f"All models answer the same {images:,} test photographs of {lesions:,} lesions; "
        f"{len(tests)} {'pair' if len(tests) == 1 else 'pairs'} of models, and Holm's correction "
        "over all of them.",
        "",
    ]
    ours = tests["first"].iloc[0]
    told = tests[(tests["first"] == ours) | (tests["second"] == ours)]
    if len(told) < len(tests):
        lines[0] += f" Those with *{ours}* are told here; the tables have all."
    for row in told.itertuples():
        mine = gaps[(gaps["first"] == row.first) & (gaps["second"] == row.second)]
        gap = dict(zip(mine["metric"], mine["difference"], strict=True))
        parts = "; ".join(f"{name} {each.text(signed=True)}" for name, each in gap.items())
        lines.append(
            f"* *{row.second}* against *{row.first}*: right where the other is wrong on "
            f"{row.only_second:,} photographs, wrong where the other is right on "
            f"{row.only_first:,}. Differences: {parts}. {_verdict(row)}"
        )
    return "\n".join(lines) + "\n"


def _verdict(row):
    """Say what both tests of a pair say at 5 %."""
    image, lesion = (value <= 0.05 for value in (row.holm_image, row.holm_lesion))
    p = f"(Holm: p {_p(row.holm_image)} by image, {_p(row.holm_lesion)} by lesion)"
    if image and lesion:
        better = row.second if row.only_second > row.only_first else row.first
        return f"Both tests tell them apart, in favour of *{better}* {p}."
    if image:
        return (
            "Image by image the test tells them apart; counting each lesion as one piece of "
            f"evidence it does not, so **the difference is open** {p}."
        )
    if lesion:
        return f"By lesion the test tells them apart, image by image it does not {p}."
    return f"**Neither test tells their accuracies apart** {p}."


def _p(value):
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def of_selective(waived, coverage, risk):
    """Say what each model gains by passing on images.

    Parameters
    ----------
    waived : dict of str to list of skinlib.evidence.draws.Estimate
        By title: error, error at `coverage`, coverage at `risk`, AURC.
    coverage, risk : float
    """
    lines = []
    for title, (error, less, covered, _) in waived.items():
        reach = (
            f"An error of at most {percent(risk, 0)} it keeps for {covered.text(percent=True)} of "
            "the photographs."
            if covered.value
            else f"An error of at most {percent(risk, 0)} it keeps for none of the photographs."
        )
        lines.append(
            f"* *{title}* errs on {error.text(percent=True)} of all photographs, and on "
            f"{less.text(percent=True)} of the {percent(coverage, 0)} it is surest of. {reach}"
        )
    return "\n".join(lines) + "\n"


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
        gained = after["nll_gained"]
        way = {1: "costs", -1: "gains", 0: "leaves open whether it changes"}[gained.sign]
        lines.append(
            f"{text} One temperature, {models[title].temperature:.2f}, fitted on "
            f"{models[title].validation:,} validation photographs, makes it "
            f"{percent(after['ece'], 2)} and {way} log-likelihood (change of the NLL a photograph "
            f"{gained.text(signed=True)}). {_by_chance(after)}"
        )
    return "\n".join(lines) + "\n"


def _by_chance(row):
    bound = f"a calibrated model shows up to {percent(row['chance'], 2)} in 19 of 20 cases"
    return f"{'More than chance' if row['ece'] > row['chance'] else 'Chance could do it'}: {bound}."
