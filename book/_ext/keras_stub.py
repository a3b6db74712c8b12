"""Sphinx extension: read skinlib's docstrings without importing Keras or a backend.

The book must build on a laptop in seconds, also where no backend is installed. A stand-in
takes the place of keras for the whole build: base classes for what is derived from, a
decorator that changes nothing, and silence for the rest.
"""

import sys
import types


class _Silent(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Silent(f"{self.__name__}.{name}")


class _NoBackends:
    """An import of a backend that slips through fails the build instead of slowing it down."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "jax", "torch"):
            msg = f"{name} must not be imported while the book is built"
            raise ImportError(msg)


class Layer:
    """keras.layers.Layer"""


class Callback:
    """keras.callbacks.Callback"""


class PyDataset:
    """keras.utils.PyDataset"""


class Adam:
    """keras.optimizers.Adam"""


def setup(app):
    """Put the stand-in where ``import keras`` finds it."""
    keras = _Silent("keras")
    keras.__path__ = []
    keras.layers = _Silent("keras.layers")
    keras.layers.Layer = Layer
    keras.callbacks = _Silent("keras.callbacks")
    keras.callbacks.Callback = Callback
    keras.utils = _Silent("keras.utils")
    keras.utils.PyDataset = PyDataset
    keras.optimizers = _Silent("keras.optimizers")
    keras.optimizers.Adam = Adam
    keras.saving = _Silent("keras.saving")
    keras.saving.register_keras_serializable = lambda **_: lambda layer: layer
    keras.ops = _Silent("keras.ops")
    parts = (keras.layers, keras.callbacks, keras.utils, keras.optimizers, keras.saving, keras.ops)
    for module in (keras, *parts):
        sys.modules[module.__name__] = module
    sys.meta_path.insert(0, _NoBackends())
    return {"parallel_read_safe": True}
