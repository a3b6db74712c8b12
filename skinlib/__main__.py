"""``python -m skinlib``."""

from skinlib.cli import leave, main

leave(main())
