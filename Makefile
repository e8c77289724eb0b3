# What developers and packagers type. CONTRIBUTING.md says when.

DESTDIR =
PREFIX = /usr
# A directory of programs that are already built; empty: build them in the release profile.
BIN =
# What install does with /sbin: with "no" nothing; FORCE_SBIN=1 replaces what another init system has there.
SBIN = yes
FORCE_SBIN =

LIB = $(PREFIX)/lib/sunup
ETC = /etc/sunup
BUILT = $(or $(BIN),$(or $(CARGO_TARGET_DIR),target)/$(shell rustc -vV | sed -n 's/^host: //p')/release)

# Programs know where they are installed: those that are built for one PREFIX do not serve another.
ifneq ($(PREFIX),/usr)
export SUNUP_BUILD_LIB = $(LIB)
endif

# Every program of the workspace but the tests' own; a test compares.
PROGRAMS = svscan supervise svlog svc svstat svok svwait svscanctl sv confine setuidgid envdir envuidgid softlimit setlock pgrphack fghack tai64n tai64nlocal readproctitle multilog svscanboot dialect init stage2 sunup shutdown
# Commands of other suites, by links in folders of their own: NAME, or NAME:PROGRAM where it is not dialect that knows it.
S6_LINKS = s6-svscan s6-supervise s6-svc s6-svstat s6-svwait s6-svscanctl s6-svok s6-log s6-setuidgid s6-envdir
RUNIT_LINKS = sv:sv runsv runsvdir chpst svlogd
SBIN_LINKS = init:telinit shutdown:shutdown shutdown:halt shutdown:poweroff shutdown:reboot shutdown:runlevel

SBIN_NAMES = init $(foreach link,$(SBIN_LINKS),$(lastword $(subst :, ,$(link))))

# Prints those of SBIN_NAMES that are there and not ours: no link to our programs, and no copy of our init.
FOREIGN_SBIN = for name in $(SBIN_NAMES); do \
		file="$(DESTDIR)/sbin/$$name"; \
		test -e "$$file" || test -L "$$file" || continue; \
		case "$$(readlink "$$file")" in "$(LIB)/bin/"*) continue ;; esac; \
		test "$$(dirname "$$(realpath -m "$$file")")" != "$$(realpath -m "$(DESTDIR)$(LIB)/bin")" || continue; \
		! cmp -s "$$file" "$(DESTDIR)$(LIB)/bin/init" || continue; \
		! cmp -s "$$file" "$(BUILT)/init" || continue; \
		echo "$$name"; \
	done

.PHONY: programs sbin demo test lint install bench soak fuzz
.DEFAULT_GOAL = programs

# Whoever says BIN= has programs; an empty one is a variable that was not set.
ifneq ($(BIN),)
programs:
	@for program in $(PROGRAMS) wrapper; do \
		test -x "$(BIN)/$$program" || { echo "make: BIN: no program '$(BIN)/$$program'" >&2; exit 1; }; \
	done
else ifeq ($(origin BIN),command line)
programs:
	@echo 'make: BIN is empty: name a directory of programs, or leave it out to build them' >&2; exit 1
else
programs:
	cargo build --release --workspace --bins
endif

# Boots a small system in namespaces, shows it, stops it.
demo: programs
	demo/run "$(BUILT)"

# Everything, with the whole-system boots when run as root. The last line is the summary.
test:
	tests/run

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' cargo doc --workspace --no-deps --document-private-items --quiet
	if cargo deny --version >/dev/null 2>&1; then cargo deny check bans licenses sources; fi

# Before anything is built or changed: another init system's programs are not ours to replace unasked.
sbin:
ifeq ($(filter no,$(SBIN))$(filter 1,$(FORCE_SBIN)),)
	@foreign=$$($(FOREIGN_SBIN)); test -z "$$foreign" || { \
		echo "make: install: another init system has $(DESTDIR)/sbin: $$(echo $$foreign)" >&2; \
		echo 'make install FORCE_SBIN=1    replaces them; each is kept as NAME.before-sunup' >&2; \
		echo 'make install SBIN=no         installs everything but these' >&2; \
		exit 1; \
	}
endif

# /sbin may be a link into usr/sbin, here or only where a package is unpacked, so links from it are absolute; init is a copy, because it must work before anything else does.
install: sbin programs
	@grep -qaF "$(LIB)" "$(BUILT)/sunup" || { echo "make: install: programs in $(BUILT) are built for another PREFIX than $(PREFIX)" >&2; exit 1; }
ifeq ($(filter no,$(SBIN)),)
	# First, since our own init is known by its twin in LIB, which may be older than what is built now.
	test -d "$(DESTDIR)/sbin" || install -d "$(DESTDIR)/sbin"
	set -e; for name in $$($(FOREIGN_SBIN)); do \
		cp -a --remove-destination -T "$(DESTDIR)/sbin/$$name" "$(DESTDIR)/sbin/$$name.before-sunup"; \
	done
	install -m 755 "$(BUILT)/init" "$(DESTDIR)/sbin/init"
endif
	install -d "$(DESTDIR)$(LIB)/bin" "$(DESTDIR)$(LIB)/wrapper" "$(DESTDIR)$(LIB)/units" "$(DESTDIR)$(PREFIX)/bin"
	install -d "$(DESTDIR)$(ETC)/units" "$(DESTDIR)$(ETC)/bundles"
	for program in $(PROGRAMS); do install -m 755 "$(BUILT)/$$program" "$(DESTDIR)$(LIB)/bin/" || exit; done
	for name in supervise runsv; do install -m 755 "$(BUILT)/wrapper" "$(DESTDIR)$(LIB)/wrapper/$$name" || exit; done
	set -e; for link in $(addprefix s6/,$(S6_LINKS)) $(addprefix runit/,$(RUNIT_LINKS)); do \
		program=dialect; case $$link in *:*) program=$${link#*:} ;; esac; \
		install -d "$(DESTDIR)$(LIB)/$${link%/*}"; \
		ln -sfr "$(DESTDIR)$(LIB)/bin/$$program" "$(DESTDIR)$(LIB)/$${link%:*}"; \
	done
	ln -sfr "$(DESTDIR)$(LIB)/bin/sunup" "$(DESTDIR)$(PREFIX)/bin/sunup"
ifeq ($(filter no,$(SBIN)),)
	set -e; for link in $(SBIN_LINKS); do \
		case $$link in init:*) to=init ;; *) to="$(LIB)/bin/$${link%:*}" ;; esac; \
		ln -sf "$$to" "$(DESTDIR)/sbin/$${link#*:}"; \
	done
endif
	set -e; for unit in units/system/*.yaml; do \
		test ! -e "$$unit" || install -m 644 "$$unit" "$(DESTDIR)$(LIB)/units/"; \
	done
	# Configuration that is there already is the administrator's.
	set -e; for bundle in units/bundles/*/; do \
		target="$(DESTDIR)$(ETC)/bundles/$$(basename "$$bundle")"; \
		test ! -e "$$target" || continue; \
		install -d "$$target"; \
		test -d "$$bundle" || continue; \
		for link in "$$bundle"*; do \
			test -L "$$link" || continue; \
			ln -s "$(LIB)/units/$$(basename "$$(readlink "$$link")")" "$$target/$$(basename "$$link")"; \
		done; \
	done
	test -e "$(DESTDIR)$(ETC)/stage1" || test ! -e units/stage1 || { \
		cp -a --no-preserve=ownership units/stage1 "$(DESTDIR)$(ETC)/stage1" && \
		sed -i 's|/usr/lib/sunup|$(LIB)|' "$(DESTDIR)$(ETC)/stage1/engine/run"; \
	}
	set -e; for page in docs/man/*.[1-8]; do \
		test -e "$$page" || continue; \
		install -D -m 644 "$$page" "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$(basename "$$page")"; \
	done

# Ours beside the installed peers and the floor; docs/bench.md. ONLY= start, order, makespan, check, idle; JSON= a file to write.
bench: programs
	SUNUP_BIN="$(abspath $(BUILT))" "$(abspath $(BUILT))/bench" $(if $(JSON),--json "$(JSON)") $(ONLY)

# Kills members of a supervision tree 10,000 times and judges what is left; docs/decisions/0023. KILLS= SEED= SERVICES=
# Then has verbs change a system whose engine, keeper, supervises and verbs are killed, 500 times. Then stops a machine ROUNDS
# times whose services write, and cuts its power as often. ONLY= parent, process-1, loggers, engine, machine. Needs root.
ROUNDS = 20
soak: programs
ifeq ($(filter engine machine,$(ONLY)),)
	"$(abspath $(BUILT))/soak" $(if $(KILLS),--kills "$(KILLS)") $(if $(SEED),--seed "$(SEED)") $(if $(SERVICES),--services "$(SERVICES)") $(ONLY)
endif
ifeq ($(or $(ONLY),engine),engine)
	SUNUP_SOAK="$(or $(KILLS),500)" $(if $(SEED),SEED="$(SEED)") \
		cargo test --release -p stage2 --test kills -- --exact --nocapture whatever_is_killed
endif
ifeq ($(or $(ONLY),machine),machine)
	SUNUP_BIN="$(abspath $(BUILT))" "$(abspath $(BUILT))/machines" --rounds $(ROUNDS) $(if $(SEED),--seed "$(SEED)")
endif

# Every target of fuzz/ for SECONDS each; findings are in fuzz/artifacts.
SECONDS = 60
FUZZ_TARGETS = yaml lsb inittab fstab status control
fuzz:
	@cargo +nightly --version >/dev/null 2>&1 || { echo 'make fuzz: a nightly toolchain is missing: rustup toolchain install nightly' >&2; exit 1; }
	@cargo +nightly fuzz --version >/dev/null 2>&1 || { echo 'make fuzz: cargo-fuzz is missing: cargo install cargo-fuzz' >&2; exit 1; }
	set -e; for target in $(FUZZ_TARGETS); do \
		RUSTFLAGS= cargo +nightly fuzz run "$$target" --target "$$(rustc -vV | sed -n 's/^host: //p')" -- -max_total_time=$(SECONDS) -rss_limit_mb=1024 -timeout=10; \
	done
