# SPDX-License-Identifier: GPL-2.0
#
# libxtcp: the engine, host.c and socket.c as a library for other programs, included
# by selftests/core/Makefile. Both libraries export only the functions that the
# headers declare, so that internal names cannot clash with those of a program.

LIB_VERSION	:= 0.1
LIB_SONAME	:= libxtcp.so.0
LIB_HEADERS	:= $(patsubst %,$(TOP)/include/xtcp/%.h, \
		   engine env env_user handover host listen mib seg seq socket tcb)
LIB_OBJ		:= $(patsubst $(BUILD)/%,$(BUILD)/pic/%,$(CORE)) \
		   $(patsubst %,$(BUILD)/pic/%.o,env_user host socket)

# Names of the functions that the headers declare. (Inline ones are in no object.)
LIB_NAMES	= sed -nE 's/^[a-z].*[ *](xtcp_[a-z0-9_]+)\(.*/\1/p' $(LIB_HEADERS) | sort -u

lib: $(OUT)/libxtcp.a $(OUT)/$(LIB_SONAME) $(OUT)/xtcp.pc \
	$(patsubst $(TOP)/%,$(OUT)/%,$(LIB_HEADERS))

$(BUILD)/pic/core/%.o: $(TOP)/src/core/%.c
	@mkdir -p $(@D)
	$(CC) -O2 -fPIC $(COMMON) -c -o $@ $<

$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) -O2 -fPIC $(COMMON) -c -o $@ $<

$(BUILD)/pic/names: $(LIB_HEADERS)
	@mkdir -p $(@D)
	$(LIB_NAMES) >$@

$(OUT)/libxtcp.a: $(LIB_OBJ) $(BUILD)/pic/names
	@mkdir -p $(@D)
	$(LD) -r -o $(BUILD)/pic/xtcp.o $(LIB_OBJ)
	objcopy --keep-global-symbols=$(BUILD)/pic/names $(BUILD)/pic/xtcp.o
	@rm -f $@
	$(AR) rcs $@ $(BUILD)/pic/xtcp.o

$(OUT)/$(LIB_SONAME): $(LIB_OBJ) $(BUILD)/pic/names
	@mkdir -p $(@D)
	{ echo '{ global:'; sed 's/$$/;/' $(BUILD)/pic/names; echo 'local: *; };'; } \
		>$(BUILD)/pic/map
	$(CC) -shared -Wl,-soname,$(LIB_SONAME) -Wl,--version-script=$(BUILD)/pic/map \
		-o $@ $(LIB_OBJ)
	ln -sf $(LIB_SONAME) $(OUT)/libxtcp.so

# For use from OUT; install-lib writes one for PREFIX.
LIB_PC	= printf '%s\n' 'prefix=$(1)' 'libdir=$(2)' 'includedir=$${prefix}/include' '' \
	'Name: xtcp' 'Description: TCP as a library, without a kernel' \
	'Version: $(LIB_VERSION)' 'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lxtcp'

$(OUT)/xtcp.pc: lib.mk
	@mkdir -p $(@D)
	@$(call LIB_PC,$(abspath $(OUT)),$${prefix}) >$@

$(OUT)/include/xtcp/%.h: $(TOP)/include/xtcp/%.h
	@mkdir -p $(@D)
	@cp $< $@

install-lib: lib
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/xtcp
	install -m 644 $(OUT)/libxtcp.a $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(OUT)/$(LIB_SONAME) $(DESTDIR)$(PREFIX)/lib
	ln -sf $(LIB_SONAME) $(DESTDIR)$(PREFIX)/lib/libxtcp.so
	install -m 644 $(LIB_HEADERS) $(DESTDIR)$(PREFIX)/include/xtcp
	@$(call LIB_PC,$(PREFIX),$${prefix}/lib) >$(DESTDIR)$(PREFIX)/lib/pkgconfig/xtcp.pc

.PHONY: lib install-lib

-include $(LIB_OBJ:.o=.d)
