"""Figures of the book, as matplotlib Figures in one shared style; no file access of their own.

``runs`` draws what a run reached, ``paper`` the printed and the logged numbers, ``diagrams``,
``stacks`` and ``attention`` the model, ``photographs`` pictures of the data in use.
"""

from skinlib.plots.attention import (
    attention_examples,
    channel_dependence,
    kernel_reach,
    soft_attention_layer,
    soft_attention_module,
)
from skinlib.plots.diagrams import auc_definition, confusion_definition, metadata_schema, overall
from skinlib.plots.paper import (
    ad_against_md,
    auc_all,
    logged_curves,
    printed_against_logged_confusion,
)
from skinlib.plots.photographs import class_examples, melanoma_nevus
from skinlib.plots.runs import accuracies, confusion, learning_curves, not_run, roc
from skinlib.plots.stacks import structures
from skinlib.plots.style import COLOURS, STYLE, to_svg

__all__ = [
    "COLOURS", "STYLE", "accuracies", "ad_against_md", "attention_examples", "auc_all",
    "auc_definition", "channel_dependence", "class_examples", "confusion",
    "confusion_definition", "kernel_reach", "learning_curves", "logged_curves",
    "melanoma_nevus", "metadata_schema", "not_run", "overall",
    "printed_against_logged_confusion", "roc", "soft_attention_layer", "soft_attention_module",
    "structures", "to_svg",
]  # fmt: skip
