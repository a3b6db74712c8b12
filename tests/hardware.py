"""What the processor that runs the tests can compute."""

import os

# TensorFlow asks the processor whether it has half precision, and oneDNN may be told to compute as if
# it were an older one: a convolution in half precision is then refused, or ends the process.
HALF = os.environ.get("ONEDNN_MAX_CPU_ISA", "DEFAULT") in ("DEFAULT", "ALL")
