# SPDX-License-Identifier: MIT
# A front for Meson: meson.build says what is built, tools/setup what is installed for it.
PREFIX ?= /usr/local

all: setup-build
	@test -f build/build.ninja || meson setup build --prefix=$(PREFIX)
	@ninja -C build
demo: all
	@sh examples/demo.sh
test: all setup-test
	@sh tests/run.sh
bench: all setup-bench
	@ninja -C build bench-programs
	@/usr/bin/python3 bench/run.py
install: all
	@meson install -C build --no-rebuild
check-all: test setup-check
	@sh tests/check.sh
clean:
	rm -rf build build-*
setup-%:
	@tools/setup $*
.PHONY: all demo test bench install check-all clean
