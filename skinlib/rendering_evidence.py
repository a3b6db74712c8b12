"""Tables, sentences and figures of the part "What holds under an honest protocol"."""

from skinlib.evidence import (
    asked,
    effect_pages,
    external_pages,
    leakage_pages,
    pointing_pages,
    run_pages,
    selection_pages,
    uncertainty_pages,
)


def honest():
    """Return the sentences of the first page: one a question, each with its interval."""
    lines = [
        leakage_pages.in_short(),
        *effect_pages.of_factors(),
        external_pages.of_official(),
    ]
    return "\n".join(f"- {line}" for line in lines if line) + "\n"


def evidence_pages():
    """Return frames, texts and figures by file name; what was not run says so."""
    # One seed of each: every pair of models is a row.
    models = asked.ours_first(asked.one_seed())
    made = (
        effect_pages.pages(),
        leakage_pages.pages(),
        external_pages.pages(),
        uncertainty_pages.pages(models, part="official"),
        pointing_pages.pages(),
        selection_pages.pages(),
        run_pages.pages(),
    )
    frames, texts, drawn = {}, {"honest": honest()}, {}
    for one in made:
        for mine, theirs in zip((frames, texts, drawn), one, strict=True):
            mine.update(theirs)
    return frames, texts, drawn
