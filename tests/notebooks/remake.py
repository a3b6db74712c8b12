"""Execute the source notebooks with small parameters; nbval compares these copies in CI."""

import shutil
from pathlib import Path

from skinlib.book import notebooks
from skinlib.common import paths

PARAMETERS = {
    "data": {"data": "synthetic:140"},
    "architecture": {
        "backbone": "MobileNetV3Small",
        "height": 4,
        "width": 4,
        "channels": 16,
    },
    "train": {
        "backbone": "MobileNetV3Small",
        "data": "synthetic:140",
        "size": 32,
        "epochs": 1,
        "weights": "none",
        "name": "nbval",
    },
    "results": {"study": "ham10000-256px"},
}

if __name__ == "__main__":
    shutil.rmtree(paths.RESULTS / "runs" / "adhoc" / "nbval", ignore_errors=True)
    for name, parameters in PARAMETERS.items():
        print(notebooks.execute(name, Path(__file__).parent / f"{name}.ipynb", parameters))
