# SPDX-License-Identifier: GPL-2.0
#
# The fuzz targets, included by selftests/core/Makefile: fuzz-replay, built with
# $(CC), and one libFuzzer program for each target, built with clang.  Both are
# instrumented to count the basic blocks that the engine runs.

FUZZ_TARGETS	:= parse segments calls net
FUZZ_INPUTS	:= $(wildcard fuzz/found/* fuzz/corpus/*)
FUZZ_SRC	:= $(filter-out fuzz/libfuzzer.c fuzz/replay.c,$(wildcard fuzz/*.c))
FUZZ_CORE	:= $(patsubst $(TOP)/src/core/%,%,$(wildcard $(TOP)/src/core/*.c $(TOP)/src/core/*/*.c))
FUZZ_LINK	:= -Wl,--wrap=__sanitizer_cov_trace_pc
FUZZ_COUNT	:= -fsanitize-coverage=trace-pc

REPLAY_OBJ	:= $(patsubst %.c,$(BUILD)/replay/%.o,env_user.c host.c fuzz/replay.c $(FUZZ_SRC)) \
		   $(FUZZ_CORE:%.c=$(BUILD)/replay/core/%.o)
CLANG_OBJ	:= $(patsubst %.c,$(BUILD)/clang/%.o,env_user.c host.c $(FUZZ_SRC)) \
		   $(FUZZ_CORE:%.c=$(BUILD)/clang/core/%.o)
CLANG_FLAGS	:= -fsanitize=fuzzer-no-link
FUZZ_PROGS	:= $(FUZZ_TARGETS:%=$(BUILD)/fuzz-%)

fuzz-progs: $(BUILD)/fuzz-replay $(FUZZ_PROGS)

$(BUILD)/fuzz-replay: $(REPLAY_OBJ)
	$(CC) $(CFLAGS) -o $@ $^ $(FUZZ_LINK)

$(FUZZ_PROGS): $(BUILD)/fuzz-%: $(BUILD)/clang/fuzz/door-%.o $(CLANG_OBJ)
	clang $(CFLAGS) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LINK)

$(BUILD)/replay/core/%.o: $(TOP)/src/core/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(FUZZ_COUNT) -c -o $@ $<

$(BUILD)/replay/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(BUILD)/clang/core/%.o: $(TOP)/src/core/%.c
	@mkdir -p $(@D)
	clang $(CFLAGS) $(CLANG_FLAGS) $(FUZZ_COUNT) -c -o $@ $<

$(BUILD)/clang/fuzz/door-%.o: fuzz/libfuzzer.c
	@mkdir -p $(@D)
	clang $(CFLAGS) $(CLANG_FLAGS) -DFUZZ_TARGET=fuzz_$* -c -o $@ $<

$(BUILD)/clang/%.o: %.c
	@mkdir -p $(@D)
	clang $(CFLAGS) $(CLANG_FLAGS) -c -o $@ $<

.PHONY: fuzz-progs

-include $(REPLAY_OBJ:.o=.d) $(CLANG_OBJ:.o=.d)
