"""The seven diagnoses of HAM10000, in the one order used everywhere."""

# Alphabetical, as LabelEncoder and folder listings give it. Never reorder.
CLASSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")

LONG_NAMES = {
    "akiec": "actinic keratosis / Bowen's disease",
    "bcc": "basal cell carcinoma",
    "bkl": "benign keratosis-like lesion",
    "df": "dermatofibroma",
    "mel": "melanoma",
    "nv": "melanocytic nevus",
    "vasc": "vascular lesion",
}

# Number of images of each class in HAM10000 (paper, Table 2).
HAM10000_COUNTS = dict(zip(CLASSES, (327, 514, 1099, 115, 1113, 6705, 142), strict=True))
