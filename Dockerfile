# A CPU image of this repository, with its locked environment. `docker build -t skinlib .`, then
# `docker run --rm -v "$PWD/_build:/skinlib/_build" skinlib` trains on the embedded pictures and
# builds the book into _build/html.
FROM python:3.12-slim-bookworm

# npm fetches what the page that asks the model needs.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make git npm \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /skinlib
# First the environment, which changes less often than the rest.
COPY Makefile pyproject.toml setup.py requirements.lock README.md LICENSE ./
COPY skinlib skinlib
RUN make .venv/.installed
COPY . .
RUN touch .venv/.installed

ENV SKINLIB_CACHE=/tmp/skinlib
CMD ["make", "demo"]
