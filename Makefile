# skinlib: targets. `make help` lists them. Everything runs in .venv, which is made when missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Runs at the same time: one a GPU, else one a core.
CORES ?= $(shell nproc 2>/dev/null || echo 2)
DEVICES ?= $(shell n=$$(nvidia-smi -L 2>/dev/null | grep -c GPU); [ "$$n" -gt 0 ] && echo $$n || echo $(CORES))
# Tests run in as many processes as there are cores; see tests/conftest.py. A process that crashes ends
# them: what would take its place may wait forever.
WORKERS = --numprocesses $(CORES) --dist loadfile --no-loadscope-reorder --max-worker-restart 0
# The study that `make reproduce` runs.
STUDY ?= paper
# Where its runs go: a folder of profiles/.
PROFILE ?= local
# Where `make dist` puts what a release has.
DIST ?= dist
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# glibc gives large tensors back to the system after each use, and fetching the zeroed pages
# again took two thirds of a training step on a small virtual machine. Harmless elsewhere.
export MALLOC_MMAP_MAX_ := 0
export MALLOC_TRIM_THRESHOLD_ := 100000000000
export MALLOC_TOP_PAD_ := 268435456
export TF_CPP_MIN_LOG_LEVEL ?= 3
# Where this is set, every process compiles a thousand modules again, which is half of its start.
export PYTHONDONTWRITEBYTECODE :=
# What Snakemake and others keep goes where ours goes, also where there is no home folder to write to.
ifneq ($(SKINLIB_CACHE),)
export XDG_CACHE_HOME := $(SKINLIB_CACHE)
endif
export PATH := $(CURDIR)/$(BIN):$(PATH)

LIMITS = --cores $(CORES) --resources devices=$(DEVICES)
# What reads results, the book above all, is made here, wherever the runs went.
SNAKEMAKE = $(BIN)/snakemake --workflow-profile profiles/$(PROFILE) $(if $(filter local,$(PROFILE)),$(LIMITS))
HERE = $(BIN)/snakemake --workflow-profile profiles/local $(LIMITS)

.PHONY: help audit-dependencies describe bench demo reproduce runs book test test-kernels test-slurm test-backends lint format check-gpu clean lock serve archive wheel pdf dist check-tag gh-pages
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

# uv installs the same files in a seventh of the time. It does not read pip's configuration, so where
# it finds no packages, pip does it.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/# via/p' requirements.lock > $(VENV)/uv.txt
	@echo "installing the packages of requirements.lock"
	@{ $(PIP) --require-hashes -r $(VENV)/uv.txt && \
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; } || \
	{ echo "uv could not; pip does it (3 minutes)"; $(PIP) --require-hashes -r requirements.lock; }
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# One recipe for both, without a make inside it: `make -n` runs every line that calls make, and so
# would train.
demo: override STUDY := demo
demo: export SKINLIB_QUICK_START := 1
demo: $(STAMP)  ## train every backbone on embedded data, then build the book
	$(STUDY_AND_BOOK)

reproduce: $(STAMP)  ## the paper's study on SKINLIB_DATA (STUDY=name, PROFILE=slurm)
	$(STUDY_AND_BOOK)

runs: $(STAMP)  ## only the runs of STUDY, no book
	@$(SNAKEMAKE) --config study=$(STUDY) -- runs

book: $(STAMP)  ## build the book from the results there are
	@$(BOOK)

define STUDY_AND_BOOK
@start=$$(date +%s); status=0; \
$(SNAKEMAKE) --config study=$(STUDY) -- runs about || status=1; \
$(BIN)/python -m skinlib status $(STUDY) || status=1; \
( $(BOOK) ) || status=1; \
echo "make $(STUDY): $$(( $$(date +%s) - start )) s"; exit $$status
endef

define BOOK
mkdir -p _build; touch _build/.before; \
$(HERE) -- book || { rm -rf _build/html; \
echo "the book could not be built; the last one is removed, so that it passes for no other"; exit 1; }; \
if [ _build/html/index.html -nt _build/.before ]; then echo "the book: _build/html/index.html"; \
else echo "nothing to do, the book is up to date: _build/html/index.html"; fi
endef

# As many processes as there are cores: with threads of their own they would wait for each other.
test: export OPENBLAS_NUM_THREADS := 1
test: $(STAMP)  ## all tests; notebooks with nbval
	$(BIN)/python -m pytest $(WORKERS) tests
	$(BIN)/python -m pytest $(WORKERS) --nbval-lax --nbval-cell-timeout=600 tests/notebooks book/*.ipynb

# TensorFlow and oneDNN choose their CPU kernels by these variables; each choice computes a little
# differently, and some wrongly. A comma joins variables that are set together.
ISA := TF_ENABLE_ONEDNN_OPTS=1,ONEDNN_MAX_CPU_ISA
KERNELS ?= TF_ENABLE_ONEDNN_OPTS=0 TF_ENABLE_ONEDNN_OPTS=1 $(ISA)=AVX2 $(ISA)=SSE41 OMP_NUM_THREADS=1

test-kernels: $(STAMP)  ## the tests of models and training with each choice of CPU kernels
	@failed=; for setting in $(KERNELS); do echo "== $$setting"; \
	env $$(echo $$setting | tr , ' ') $(BIN)/python -m pytest $(WORKERS) tests/models tests/training || failed="$$failed $$setting"; \
	done; [ -z "$$failed" ] || { echo "failed with:$$failed"; exit 1; }

test-slurm: $(STAMP)  ## a study on a SLURM cluster made for it (needs slurm-wlm and munge)
	SKINLIB_TEST_SLURM=1 $(BIN)/python -m pytest tests/cluster

test-backends: $(STAMP)  ## the tests on JAX and PyTorch (installs PyTorch, gigabytes)
	$(BIN)/python -m pip install --quiet "torch>=2.6"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/models/test_parity.py -m "backend or not backend"

describe: $(STAMP)  ## build all networks anew and write results/*.json about them
	@mkdir -p _build
	$(BIN)/python -m skinlib describe --json > _build/describe.json && mv _build/describe.json results/
	$(BIN)/python -m skinlib describe --structures > _build/structures.json && mv _build/structures.json results/
	$(BIN)/python -m skinlib describe --conv3d --json > _build/conv3d.json && mv _build/conv3d.json results/
	$(BIN)/python -m skinlib notebook architecture -o _build/architecture.ipynb -p save=results/attention.json

bench: $(STAMP)  ## measure speed: results/bench/*.json and their tables
	$(BIN)/python -m skinlib bench

lint: $(STAMP)  ## ruff, imports between rooms, and source notebooks without output
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -c "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
	$(BIN)/nbstripout --verify notebooks/*.ipynb

format: $(STAMP)  ## let ruff and nbstripout repair what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout notebooks/*.ipynb

check-gpu: $(STAMP)  ## print the device that Keras uses; fail when it is no GPU
	@$(BIN)/python -c "from skinlib.models.runtime import device_name as d; n = d(); print(n); raise SystemExit(n.startswith('cpu'))" || \
	{ echo "Keras uses no GPU. With one of NVIDIA and its driver: $(BIN)/python -m pip install -e '.[gpu]', then run this again"; exit 1; }

# What a page outside a clone reads (skinlib.book.archive). The same commit gives the same bytes.
ZIP ?= -6
archive:  ## the committed results as one file, for downloaded pages
	@mkdir -p $(DIST)
	git archive --format=zip $(ZIP) -o $(DIST)/skinlib-results-$(VERSION).zip HEAD \
		Snakefile models notebooks requirements.lock results studies tests/faults

# The archive's hash goes into the wheel (setup.py).
wheel: $(STAMP) archive  ## a wheel with the released model in it
	rm -rf build
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --no-index -w $(DIST) .

pdf: book  ## the book as one file, _build/skinlib.pdf (needs Chromium)
	$(BIN)/python -m skinlib pdf _build/html -o _build/skinlib.pdf

dist: wheel pdf  ## what a release has: wheel, results, book as HTML and PDF, checksums
	cp _build/skinlib.pdf $(DIST)/skinlib-$(VERSION).pdf
	tar -czf $(DIST)/skinlib-html-$(VERSION).tar.gz -C _build html
	cd $(DIST) && sha256sum skinlib-* > SHA256SUMS

check-tag:  ## whether TAG is the version of this tree, v0.1.0 for example
	@test "$(TAG)" = "v$(VERSION)" || { echo "the tag is '$(TAG)', expected v$(VERSION)"; exit 1; }

# Of the folder alone, whatever else is in the tree; `git push --force origin gh-pages` publishes it.
gh-pages: book  ## the book as a commit on the branch gh-pages
	@touch _build/html/.nojekyll; export GIT_INDEX_FILE=$(CURDIR)/_build/pages.index; \
	rm -f $$GIT_INDEX_FILE && git --work-tree=_build/html add --all --force . && \
	git branch --force gh-pages $$(git -c user.name=skinlib \
	-c user.email=skinlib@users.noreply.github.com commit-tree -m "The book, $(VERSION)" $$(git write-tree))

serve: book  ## look at the book on http://localhost:8000
	$(BIN)/python -m http.server --directory _build/html 8000

# Apart from .venv, whose contents are the lock file's. --strict: a package that the service does
# not know is an error, or a service that cannot be reached would pass for a clean bill.
audit-dependencies:  ## look the locked packages up for known vulnerabilities (needs a network)
	@test -x _build/audit/bin/pip-audit || { $(PYTHON) -m venv _build/audit && \
	_build/audit/bin/python -m pip install -qq --disable-pip-version-check pip-audit==2.10.1; }
	_build/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

lock:  ## resolve requirements.lock anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra book --extra test --extra jax --extra cluster --extra export --extra publish pyproject.toml -o requirements.lock

clean:  ## remove the book and the demo; real results stay
	rm -rf _build results/runs/demo book/executed book/*.ipynb .snakemake
