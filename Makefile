# SPDX-License-Identifier: GPL-2.0
#
# XTCP: see "make help".  Kbuild lists the files of the module.

PREFIX ?= /usr/local
DESTDIR ?=

# The kernel to build for: the running one, or, if its headers are not installed,
# the one with the newest Debian headers (not the cloud or real-time flavour).
ifeq ($(KDIR),)
KDIR := $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(shell ls -d /usr/src/linux-headers-*-amd64 2>/dev/null | \
		grep -v -e cloud -e -rt- | sort -Vr))
endif

# BTF is optional: without pahole, build the module without it. (Debian's headers from
# 6.12 on would otherwise run pahole and fail.)
KOPTS := $(if $(shell command -v pahole),,CONFIG_DEBUG_INFO_BTF_MODULES=)

# For the makefiles in subdirectories, whose defaults an empty value would override.
export KDIR PREFIX DESTDIR

all: module tools

module: have-kdir
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(KOPTS) modules

have-kdir:
	@test -e "$(KDIR)/Makefile" || { \
	echo "No kernel build tree '$(KDIR)': run scripts/deps build, or set KDIR=" >&2; \
	exit 1; }

# For scripts/dist and selftests/package.
print-version:
	@sed -nE 's/^#define XTCP_VERSION "(.*)"$$/\1/p' include/xtcp/version.h

# For scripts/build-for, scripts/style and scripts/vm-module.
print-kdir:
	@echo $(KDIR)

print-kopts:
	@echo $(KOPTS)

tools:
	$(MAKE) -C tools

demo:
	scripts/deps build vm demo
	$(MAKE) all
	ko=$$(scripts/vm-module) && scripts/demo "$$ko"

check:
	@scripts/check stock

check-debug:
	@scripts/check debug

# Every kernel: builds, and tests of those that this machine can boot.
check-kernels:
	@scripts/deps build vm check style kernels
	@scripts/check-kernels

# TIME in seconds for each of simulation and fuzzing.
check-long: TIME = 1200
check-long: STATES = 10000000
check-long: SAMPLE = 80
check-long:
	@TIME=$(TIME) STATES=$(STATES) SAMPLE=$(SAMPLE) scripts/check long

# Seconds for all fuzz targets together.
TIME ?= 600

fuzz:
	@scripts/deps fuzz
	@selftests/core/fuzz/run $(TIME)

# Number of breaks in the sample; selftests/core/mutate --all tries all.
SAMPLE ?= 80

mutate:
	@scripts/deps check
	@selftests/core/mutate --count $(SAMPLE)

style:
	@scripts/deps build style
	@scripts/style

bench:
	scripts/deps build vm check
	$(MAKE) all
	selftests/bench/run

# The same with the kernel of Debian's backports.
bench-newer:
	scripts/deps build vm check
	eval "$$(scripts/newer-kernel -q)" && ko=$$(scripts/build-for "$$KDIR") && \
		selftests/bench/run "$$ko"

# What has changed since the revision BASE.
BASE ?= main

bench-compare:
	scripts/deps build vm check
	selftests/bench/compare $(BASE)

bench-recovery:
	scripts/deps build vm check
	$(MAKE) all
	selftests/bench/recovery-run

bench-attack:
	scripts/deps build vm check
	$(MAKE) all
	selftests/bench/attack-run

# Draw the pictures of Documentation/questions.rst from captures, that of bench.rst from
# its table.
pictures:
	scripts/show --svg Documentation/pictures all
	selftests/bench/chart

# Documentation/ as HTML; warnings are errors.
docs:
	@scripts/deps docs
	sphinx-build -q -E -W --keep-going -b html -d out/doctrees Documentation out/docs
	@echo "out/docs/index.html"

install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	# No depmod for a staging directory.
	test -n "$(DESTDIR)" || depmod -a $$(modinfo -F vermagic xtcp.ko | cut -d' ' -f1)
	$(MAKE) -C tools install
	install -D -m 644 include/uapi/linux/xtcp.h \
		$(DESTDIR)$(PREFIX)/include/linux/xtcp.h
	# The administrator decides whether any user may load the module.
	test "$(AUTOLOAD)" != y || \
		install -D -m 644 tools/examples/modprobe.conf $(DESTDIR)/etc/modprobe.d/xtcp.conf

# Sources as a release, and the Debian packages made of it, in out.
dist:
	@scripts/dist

deb:
	@scripts/deps package
	@scripts/deb

lib:
	$(MAKE) -C selftests/core lib

install-lib:
	$(MAKE) -C selftests/core install-lib

clean:
	test ! -e "$(KDIR)/Makefile" || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C tools clean
	$(MAKE) -C selftests/core clean
	$(MAKE) -C selftests/net OUTPUT=$(CURDIR)/selftests/net clean
	rm -rf out

help:
	@echo 'make              xtcp.ko and the tools'
	@echo 'make demo         nginx and curl over XTCP, in a virtual machine'
	@echo 'make check        style, unit tests, simulation, tests in a virtual machine'
	@echo 'make check-debug  the tests in a virtual machine under a debug kernel'
	@echo 'make check-kernels  builds and tests for all kernels, as a matrix'
	@echo 'make check-long   simulation, exploration, fuzzing and more, TIME=1200 seconds each'
	@echo 'make fuzz         new inputs for the engine, TIME=600 seconds'
	@echo 'make mutate       do the tests notice a broken engine? SAMPLE=80 breaks'
	@echo 'make style        the rules of the source tree'
	@echo 'make bench        XTCP and the kernel'"'"'s TCP side by side'
	@echo 'make bench-newer  the same with the kernel of Debian backports'
	@echo 'make bench-compare BASE=REVISION  what changed since; fails when 1 % worse'
	@echo 'make bench-recovery  recovery from loss beside the kernel'"'"'s TCP'
	@echo 'make bench-attack what attacks cost, beside the kernel'"'"'s TCP'
	@echo 'make pictures     Documentation/pictures, drawn from captures by scripts/show'
	@echo 'make docs         Documentation as a book for a browser, in out/docs'
	@echo 'make install      module, tools and header (DESTDIR, PREFIX); AUTOLOAD=y: any'
	@echo '                  user loads the module by opening a socket'
	@echo 'make deb          the Debian packages xtcp-dkms and xtcp-tools, in out'
	@echo 'make dist         a source release, out/xtcp-VERSION.tar.xz'
	@echo 'make lib          libxtcp in out/lib: the engine as a library, without a kernel'
	@echo 'make install-lib  the same with header and pkg-config file (DESTDIR, PREFIX)'
	@echo 'make clean'
	@echo
	@echo 'KDIR=DIR          the kernel build tree, now $(or $(KDIR),none)'
	@echo 'V=1               show commands, and all output of the checks'
	@echo 'XTCP_NO_INSTALL=1 name missing Debian packages, install nothing'
	@echo
	@echo 'scripts/vm [SCRIPT] runs anything in a virtual machine;'
	@echo 'Documentation/testing.rst tells the rest.'

.PHONY: all module have-kdir print-version print-kdir print-kopts tools demo check check-debug check-kernels check-long fuzz mutate style \
	bench bench-newer bench-compare bench-recovery bench-attack pictures docs install dist deb lib install-lib \
	clean help
