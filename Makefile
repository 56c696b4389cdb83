# openletter: `make demo` shows it working, `make check` tests it, plain `make`
# leaves build/openletter. SAN=address,undefined or SAN=thread builds that
# flavour in a folder of its own; V=1 shows the commands.

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

PKGS := libesmtp-1.0 libcurl sqlite3 gmime-3.0 libcmark jansson libidn2 openssl

# Hardening: the OpenSSF compiler options guide, as far as the compiler knows
# them. The sanitizers replace what they do not go together with.
try     = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null \
	2>/dev/null && echo '$(1)')
WARN    := -Wall -Wextra -Wformat=2 -Wshadow -Wpointer-arith -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wvla -Wundef -Wimplicit-fallthrough -Wno-format-nonliteral \
	$(call try,-Wtrampolines)
HARDEN  := -U_FORTIFY_SOURCE $(if $(SAN),,-D_FORTIFY_SOURCE=3) \
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
ALLCFLAGS = -std=c11 $(WARN) $(HARDEN) -fPIE -pthread $(SANFLAGS) $(CFLAGS) \
	$(PKGCFLAGS)
ALLLDFLAGS = -pie -pthread $(LINKHARD) $(SANFLAGS) $(LDFLAGS)

# Asked for once and only when something is built, so that `make deps` works
# on a bare machine.
PKGCFLAGS = $(eval PKGCFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKGCFLAGS)
PKGLIBS   = $(eval PKGLIBS := $$(shell pkg-config --libs $(PKGS)) -lunistring)$(PKGLIBS)

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

# The schema as a C string literal.
$B/store/schema_sql.h: src/store/schema.sql
	@mkdir -p $(@D)
	$Qsed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< >$@

$B/store/store.o: $B/store/schema_sql.h

# Rebuild when compiler or flags change.
$B/flags: FORCE
	@mkdir -p $B
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(SAN) $(LDFLAGS)' | \
		cmp -s - $@ || \
		echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(SAN) $(LDFLAGS)' >$@

$B/tests/%: tests/unit/%.c $(filter-out $(MAIN),$(OBJS))
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$Q$(CC) $(CPPFLAGS) -Itests/unit $(ALLCFLAGS) -MMD -MP -MF $@.d \
		$(ALLLDFLAGS) -o $@ $< $(filter-out $(MAIN),$(OBJS)) \
		$(PKGLIBS) -lcmocka

unit: $(UNITS)
	$Qfor t in $(UNITS); do echo "== $$t"; ./$$t || exit 1; done

FORMATTED = $(wildcard src/*/*.[ch] tests/unit/*.[ch])

format:
	clang-format -i $(FORMATTED)

clean:
	rm -rf build build-*

-include $(OBJS:.o=.d) $(UNITS:%=%.d)

FORCE:
.PHONY: all unit format clean FORCE
