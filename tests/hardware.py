"""What the processor that runs the tests can compute."""

import os

# No processor that runs TensorFlow is so old, but oneDNN can be told to compute as if it were; then
# a convolution in half precision is refused, or ends the process.
HALF = os.environ.get("ONEDNN_MAX_CPU_ISA") != "SSE41"
