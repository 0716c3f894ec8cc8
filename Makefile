# SPDX-License-Identifier: Apache-2.0
# The front door. Everything works as the first command on a fresh Debian 12: what is missing is installed first
# (scripts/install-deps.sh says what and why). Folders of builds: build, build-asan, build-fuzz, ...

BUILD ?= build
PREFIX ?= /usr/local
T ?=
S ?= 60
MESON_FLAGS ?=
SLOW ?=

.PHONY: all demo test check fuzz bench install clean deps-build deps-test help

all: deps-build $(BUILD)/build.ninja
	@ninja -C $(BUILD) wingo

help:
	@echo "make               builds $(BUILD)/wingo"
	@echo "make demo          a project from nothing, built, built again, changed, built"
	@echo "make test [T=x]    builds and tests; T: only tests whose name contains x;"
	@echo "                   SLOW=1: the slow ones too"
	@echo "make check         make test and every static check"
	@echo "make fuzz T=x [S=60]  fuzzes one parser for S seconds (fuzz/x)"
	@echo "make bench [T=x]   figures, beside the tools one would use instead"
	@echo "make install       to PREFIX=$(PREFIX), below DESTDIR"
	@echo "make clean         removes the build folders"

deps-build:
	@scripts/install-deps.sh build

deps-test:
	@scripts/install-deps.sh build test

$(BUILD)/build.ninja:
	@meson setup $(BUILD) --prefix=$(PREFIX) $(MESON_FLAGS) >/dev/null

demo: all
	@scripts/demo $(BUILD)

# A build folder made before cmocka was there would have no unit tests: run-tests looks.
test: deps-test
	@scripts/run-tests --build $(BUILD) $(if $(SLOW),--slow) $(if $(T),--only '$(T)')

check: deps-test
	@scripts/run-tests --build $(BUILD) --checks $(if $(SLOW),--slow) $(if $(T),--only '$(T)')

fuzz: deps-test
	@scripts/fuzz '$(T)' '$(S)'

bench: deps-test all
	@scripts/bench --build $(BUILD) $(T)

# A build folder that was made with another PREFIX takes this one. What is installed is built, and no more.
install: deps-build $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dprefix='$(abspath $(PREFIX))' >/dev/null
	@ninja -C $(BUILD) installed
	@meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf build build-*
