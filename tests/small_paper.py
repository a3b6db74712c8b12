"""A small paper made up by hand, with its logs: what the rules of the audit are tested on."""

import numpy as np

from skinlib import paper
from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.paper.audit.facts import Facts


def table(columns, rows):
    rows = {row: tuple(cells) for row, cells in rows.items()}
    return paper.Printed(tuple(columns), rows)


# Ten test images: seven classes, the last with four; one image of class 0 called class 1.
MATRIX = np.diag([0, 1, 1, 1, 1, 1, 4])
MATRIX[0, 1] = 1
TP = np.diag(MATRIX)
FP, FN = MATRIX.sum(axis=0) - TP, MATRIX.sum(axis=1) - TP
COUNTS = np.stack([10 - TP - FP - FN, FP, FN, TP], axis=1).tolist()


def training(name, **fields):
    values = {
        "name": name, "backbone": "ResNet50", "notebook": "n.ipynb", "train_images": 90,
        "test_images": 10, "accuracy": 0.9, "auc": {"macro": 0.95, "weighted": 0.96, "micro": 0.97},
        "precision": [0.5] * 7, "recall": [0.6] * 7, "f1": [0.5, 0.6, 0.5, 0.5, 0.5, 0.9, 0.7],
        "images": [1, 1, 1, 1, 1, 1, 4], "class_auc": [0.959] * 7,
        "macro": {"precision": 0.5, "recall": 0.6, "f1": 0.55}, "weighted": {"f1": 0.7},
        "tn_fp_fn_tp": COUNTS, "class_weights": [1.0] * 7,
        "parameters": {"total": 103, "trainable": 90}, "epochs": {"run": 5, "kept": 3},
        "held_out": {"last_ten": 0.85, "at_lowest_loss": 0.8}, "seconds_per_epoch": 100,
        "devices": ["GPU:0"],
        "settings": {"learning_rate": 0.001, "steps_per_epoch": 9, "monitor": "val_loss",
                     "channels": "BGR", "scaling": "resnet", "weights": "imagenet", "pixels": 224,
                     "tap_layer": "conv5_block2_out", "tap_shape": [7, 7, 8],
                     "attention_parameters": 9 * 8 * 16 + 16},
    }  # fmt: skip
    return paper.Logged(**(values | fields))


def facts():
    """A paper of some tables, and its logs."""
    recalls = np.where(TP + FN > 0, TP / np.maximum(TP + FN, 1), 0)
    counts = {name: [count] for name, count in HAM10000_COUNTS.items()}
    printed = {
        "T": table(["x", "y"], {"a": [10, 1], "b": [20, 2], "c": [41, None], "total": [71, 3]}),
        "A3": table([*CLASSES, "mean"], {"m MD": [0.5, 0.6, 0.5, 0.5, 0.5, 0.9, 0.7, 0.6]}),
        "A4": table([*CLASSES, "mean"], {"m MD": [*recalls, 0.85]}),
        "2": table(["images"], counts | {"total": [10015]}),
        "5": table(["MD", "accuracy"], {"m": [0.9, 0.9], "n": [0.95, 0.5]}),
    }  # fmt: skip
    return Facts(
        printed={"paper": printed, "journal": {"6": table(["x"], {"a": [0.11]})}},
        abstract={"accuracy": 0.9, "auc": 0.97},
        logged={"m MD": training("m MD"), "ResNet50 MD": training("ResNet50 MD", accuracy=0.95)},
        curves={"m MD": {"val_accuracy": [0.7, 0.8, 0.9, 0.8, 0.8]}},
        confusion={"logged": {"m MD": MATRIX.tolist()}},
        notebooks={
            "attention": {"kernel": ["channels", 3, 3], "strides": [1, 1, "channels"], "maps": 16},
            "scaled": True,
        },
        text={},
        works={"1": {"values": {"accuracy": 0.9}, "says": {"epochs": None}}},
        structures={"ResNet50": {"stock": {"depth": 107}}},
    )
