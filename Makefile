# openletter: `make demo` shows it working, `make check` tests it, plain `make`
# leaves build/openletter. SAN=address,undefined or SAN=thread builds and tests
# that flavour in a folder of its own; V=1 shows the commands.

VERSION := 0.1.0
prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
mandir  ?= $(prefix)/share/man
compdir ?= $(prefix)/share/bash-completion/completions
CC      ?= cc
PYTHON  ?= /usr/bin/python3
SAN     ?=
comma   := ,
B       := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))
Q       := $(if $(V),,@)

PKGS := libesmtp-1.0 libcurl libcares sqlite3 gmime-3.0 libcmark jansson \
	libidn2 openssl pangocairo cairo-pdf

# What asks the compiler or pkg-config asks once, and only when something is
# built: before that `make deps` may have to install them.
once = $(eval $1 := $2)$($1)

# Hardening: the OpenSSF compiler options guide, as far as the compiler knows
# them. The sanitizers replace what they do not go together with.
try     = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null \
	2>/dev/null && echo '$(1)')
WARN    = -Wall -Wextra -Wformat=2 -Wshadow -Wpointer-arith -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wvla -Wundef -Wimplicit-fallthrough -Wno-format-nonliteral \
	$(call try,-Wtrampolines)
HARDEN  = -U_FORTIFY_SOURCE $(if $(SAN),,-D_FORTIFY_SOURCE=3) \
	$(call try,-fstack-clash-protection) \
	$(call try,-fstack-protector-strong) $(call try,-fcf-protection=full) \
	$(call try,-fno-delete-null-pointer-checks) \
	$(call try,-fno-strict-overflow) \
	$(call try,-ftrivial-auto-var-init=zero)
LINKHARD := -Wl,-z,relro,-z,now,-z,noexecstack,-z,nodlopen -Wl,--as-needed
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all)

CPPFLAGS += -Isrc -I$B -D_GNU_SOURCE -DOPENLETTER_VERSION='"$(VERSION)"'
CFLAGS   ?= -O2 -g
TRIED     = $(call once,TRIED,$(WARN) $(HARDEN))
PKGCFLAGS = $(call once,PKGCFLAGS,$(shell pkg-config --cflags $(PKGS)))
PKGLIBS   = $(call once,PKGLIBS,$(shell pkg-config --libs $(PKGS)) -lunistring)
ALLCFLAGS = -std=c11 $(TRIED) -fPIE -pthread $(SANFLAGS) $(CFLAGS) $(PKGCFLAGS)
ALLLDFLAGS = -pie -pthread $(LINKHARD) $(SANFLAGS) $(LDFLAGS)

SRCS  := $(sort $(wildcard src/*/*.c))
OBJS  := $(SRCS:src/%.c=$B/%.o)
MAIN  := $B/cmd/main.o
UNITS := $(patsubst tests/unit/%.c,$B/tests/%,$(wildcard tests/unit/*_test.c))

all: $B/openletter

$B/openletter: $(OBJS)
	@echo "  LINK  $@"
	$Q$(CC) $(ALLLDFLAGS) -o $@ $(OBJS) $(PKGLIBS)

$B/%.o: src/%.c $B/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$Q$(CC) $(CPPFLAGS) $(ALLCFLAGS) -MMD -MP -c -o $@ $<

# The schema as C string literals.
SCHEMAS := $(patsubst src/%.sql,$B/%_sql.h,$(wildcard src/store/*.sql))

$B/store/%_sql.h: src/store/%.sql
	@mkdir -p $(@D)
	$Qsed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< >$@

$B/store/store.o: $(SCHEMAS)

# Changes when compiler or flags do, and everything is rebuilt then. A target
# that installs what it needs does so before this, and so before all building.
FIRST := $(patsubst demo,deps,$(filter demo,$(MAKECMDGOALS))) \
	$(patsubst %,%-deps,$(filter check fuzz lint,$(MAKECMDGOALS)))
FLAGS  = $(CC) $(CPPFLAGS) $(ALLCFLAGS) $(ALLLDFLAGS) $(PKGLIBS)

$B/flags: FORCE | $(FIRST)
	@mkdir -p $(@D)
	@pkg-config --exists $(PKGS) || { \
		echo 'Libraries are missing: "make deps" installs them.' >&2; \
		exit 1; }
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

# Tests

export LSAN_OPTIONS ?= suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0

$B/tests/%: tests/unit/%.c $(filter-out $(MAIN),$(OBJS))
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$Q$(CC) $(CPPFLAGS) -Itests/unit $(ALLCFLAGS) -MMD -MP -MF $@.d \
		$(ALLLDFLAGS) -o $@ $< $(filter-out $(MAIN),$(OBJS)) \
		$(PKGLIBS) -lcmocka

# What the end-to-end tests preload into the program; see tests/fault/fault.h.
FAULTS := $(wildcard tests/fault/*.c)

$B/tests/fault.so: $(FAULTS) tests/fault/fault.h $B/flags
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$Q$(CC) -D_GNU_SOURCE -std=c11 $(WARN) -O2 -g -fPIC -shared -pthread \
		-o $@ $(FAULTS) -ldl

RUN_LAYERS = tests/layers
RUN_UNIT   = tests/unit/run $(UNITS)
RUN_E2E    = OPENLETTER=$B/openletter $(PYTHON) -B -m pytest -q -rs tests/e2e

check: $B/openletter $B/tests/fault.so $(UNITS)
	$Q$(RUN_LAYERS)
	$Q$(RUN_UNIT)
	$Q$(RUN_E2E)

# What runs with many connections, for SAN=thread. There a mailing takes longer
# to make than the kills with sixteen of them leave it.
THREADED = $(filter %/submit_test %/submit_hostile_test,$(UNITS))

check-threads: $B/openletter $(THREADED)
	$Qtests/unit/run $(THREADED)
	$Q$(RUN_E2E)/test_outcomes.py tests/e2e/test_send.py \
		tests/e2e/test_kill.py tests/e2e/test_import.py

layers:
	$Q$(RUN_LAYERS)

unit: $(UNITS)
	$Q$(RUN_UNIT)

e2e: $B/openletter $B/tests/fault.so
	$Q$(RUN_E2E)

# Figures, beside other programs: bench/README.md says how to read them.

BENCH  ?= send cpu tls rtt memory import count export sign
PEERS  ?= curl nodemailer smtplib
BTOOLS := $(patsubst bench/%.c,$B/bench/%,$(wildcard bench/*.c))

$B/bench/%: bench/%.c $B/flags
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	$Q$(CC) -D_GNU_SOURCE $(ALLCFLAGS) $(ALLLDFLAGS) -o $@ $< $(PKGLIBS)

bench: $B/openletter $(BTOOLS)
	$QN=$(N) ROUNDS=$(ROUNDS) MEMORY=$(MEMORY) PEERS="$(PEERS)" \
		SIGNATURES=$(SIGNATURES) SIGNATURES_MANY=$(SIGNATURES_MANY) \
		$(PYTHON) -B bench/run $B $(BENCH)

# Packages, and the peers that come from npm; nothing is written here.
bench-deps:
	$Q.ci/packages build bench
	$Qmkdir -p $B/bench
	$Q! command -v npm >/dev/null || { cp bench/package.json $B/bench && \
		npm install --prefix $B/bench --no-save --no-package-lock \
			--no-audit --no-fund --loglevel=error; }

# Fuzzing: each target begins with what is kept in tests/fuzz/corpus and runs
# for FUZZ_TIME seconds. Sources are compiled anew, for coverage and with
# sanitizers, by clang.

FUZZ_TIME  ?= 60
FUZZ_JOBS  ?= 2
FUZZERS    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FB         := build-fuzz
FUZZ_OBJS  := $(patsubst src/%.c,$(FB)/%.o,$(filter-out src/cmd/main.c,$(SRCS)))
FUZZ_FLAGS  = -std=c11 -O1 -g -pthread -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all $(PKGCFLAGS)

$(FB)/%.o: src/%.c $B/flags $(SCHEMAS)
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$Qclang $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP \
		-c -o $@ $<

$(FB)/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJS)
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	$Qclang $(CPPFLAGS) -Itests/unit $(FUZZ_FLAGS) -fsanitize=fuzzer -MMD \
		-MP -MF $@.d -o $@ $< $(FUZZ_OBJS) $(PKGLIBS)

fuzz: $(FUZZERS:%=$(FB)/fuzz/%)
	$Qtests/fuzz/run $(FB) $(FUZZ_TIME) $(FUZZ_JOBS) $(FUZZERS)

# Analysis

FORMATTED = $(wildcard src/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch] \
	tests/fault/*.[ch] bench/*.[ch])
EACH      = printf '%s\n' $(SRCS) | xargs -P "$$(nproc)" -I {}

# The suppressed finding takes struct template, a C++ word, for an integer; the
# compiler knows better.
lint: $B/flags $(SCHEMAS)
	@echo "  clang-format"
	$Qclang-format --dry-run -Werror $(FORMATTED)
	@echo "  cppcheck"
	$Qcppcheck -q -j "$$(nproc)" --std=c11 --inline-suppr \
		--enable=warning,performance,portability --error-exitcode=1 \
		--suppress=CastIntegerToAddressAtReturn $(CPPFLAGS) src
	@echo "  gcc -fanalyzer"
	$Q$(EACH) gcc $(CPPFLAGS) -std=c11 -O2 -Wall -Wextra $(PKGCFLAGS) \
		-fanalyzer -Werror -c -o /dev/null {}
	@echo "  clang-tidy"
	$Q$(EACH) clang-tidy -quiet {} -- $(CPPFLAGS) -std=c11 $(PKGCFLAGS) \
		2>$B/clang-tidy.log || { cat $B/clang-tidy.log; exit 1; }
	@echo "No findings."

format:
	clang-format -i $(FORMATTED)

# Packages: with apt they are installed, elsewhere their names are printed.

deps:
	$Q.ci/packages build demo

check-deps:
	$Q.ci/packages build check

fuzz-deps:
	$Q.ci/packages build fuzz

lint-deps:
	$Q.ci/packages build lint

demo: $B/openletter | deps
	$QPYTHON=$(PYTHON) tests/demo/run $B

install: $B/openletter
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 \
		$(DESTDIR)$(mandir)/man5 $(DESTDIR)$(compdir)
	install $B/openletter $(DESTDIR)$(bindir)
	install -m 644 man/openletter.1 $(DESTDIR)$(mandir)/man1
	install -m 644 man/openletter.conf.5 $(DESTDIR)$(mandir)/man5
	install -m 644 man/openletter.bash $(DESTDIR)$(compdir)/openletter

clean:
	rm -rf build build-*

-include $(OBJS:.o=.d) $(UNITS:%=%.d)
-include $(FUZZ_OBJS:.o=.d) $(FUZZERS:%=$(FB)/fuzz/%.d)

FORCE:
.DELETE_ON_ERROR:
.SECONDARY: $(FUZZ_OBJS)
.PHONY: all check check-threads layers unit e2e bench bench-deps fuzz lint \
	format deps check-deps fuzz-deps lint-deps demo install clean FORCE
