# SPDX-License-Identifier: MIT
# A front for Meson: see meson.build for what is built, tools/setup for what is installed.
all: build/build.ninja
	ninja -C build
.PHONY: all
