# A thin index: what can be asked for here. Whatever is longer than a line or two lives in Scripts/.

# One set of flags for every build, so that build, test and quickstart share their objects.
FLAGS := -c release

# The Python that has PyTorch and JAX, for `make bench`.
PEERS := python3

# The Python that has websockets for `make check-server`, and the vendor's examples
# (github.com/deepmarketmaking/api, examples/python) where they were cloned.
PYTHON := python3
EXAMPLES :=

.DEFAULT_GOAL := help
.PHONY: help dependencies build test check-long check-server quickstart bench format lint clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dependencies: ## check Swift, install the Debian packages that are missing
	@Scripts/dependencies.sh

build: dependencies ## build the release binaries, .build/release/tenor and, for 'tenor serve', tenor-server
	swift build $(FLAGS)

test: dependencies ## build and run the whole test suite, in release mode
	swift build $(FLAGS) --build-tests
	swift test $(FLAGS) --skip-build --disable-xctest

check-long: dependencies ## run the suite with the checks that take minutes: known truth at full size
	swift build $(FLAGS) --build-tests
	TENOR_CHECK_LONG=1 swift test $(FLAGS) --skip-build --disable-xctest
	TENOR_BASELINE_KERNELS=1 swift test $(FLAGS) --scratch-path .build-baseline --disable-xctest \
		--filter 'ArraysTests|AutodiffTests|LayersTests|QuantileModelsTests'

check-server: build ## serve a small market by a small network; try bad input, a browser, the vendor's clients
	@Scripts/check_server.sh "$(PYTHON)" "$(EXAMPLES)"

quickstart: dependencies ## make a market, train, score, compare with classical prices; all in quickstart/
	swift build $(FLAGS) --product tenor
	@Scripts/quickstart.sh

bench: build ## time Tenor and the peers that are installed; writes Benchmarks/README.md
	python3 Benchmarks/run.py --python $(PEERS)

format: ## rewrite the sources in the project's format
	@Scripts/format.sh --in-place

lint: ## check the format of the sources, as CI does
	@Scripts/format.sh

clean: ## remove what was built and what quickstart made
	rm -rf .build .build-baseline quickstart
