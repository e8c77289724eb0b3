# What developers and packagers type. CONTRIBUTING.md says when.

DESTDIR =
PREFIX = /usr
# A directory of programs that are already built; empty: build them in the release profile.
BIN =

LIB = $(PREFIX)/lib/sunup
ETC = /etc/sunup
BUILT = $(or $(BIN),$(or $(CARGO_TARGET_DIR),target)/$(shell rustc -vV | sed -n 's/^host: //p')/release)

# Every program of the workspace but the tests' own; a test compares.
PROGRAMS = svscan supervise svlog svc svstat svok svwait svscanctl sv setuidgid envdir envuidgid softlimit setlock pgrphack fghack tai64n tai64nlocal readproctitle svscanboot init stage2 sunup shutdown
SBIN_LINKS = init:telinit shutdown:shutdown shutdown:halt shutdown:poweroff shutdown:reboot shutdown:runlevel

.PHONY: programs demo test lint install bench soak fuzz deb
.DEFAULT_GOAL = programs

ifeq ($(BIN),)
programs:
	cargo build --release --workspace --bins
else
programs:
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

# /sbin may be a link into usr/sbin; init is a copy, because it must work before anything else does.
install: programs
	install -d "$(DESTDIR)$(LIB)/bin" "$(DESTDIR)$(LIB)/wrapper" "$(DESTDIR)$(LIB)/units" "$(DESTDIR)$(PREFIX)/bin"
	install -d "$(DESTDIR)$(ETC)/units" "$(DESTDIR)$(ETC)/bundles"
	test -d "$(DESTDIR)/sbin" || install -d "$(DESTDIR)/sbin"
	for program in $(PROGRAMS); do install -m 755 "$(BUILT)/$$program" "$(DESTDIR)$(LIB)/bin/" || exit; done
	for name in supervise runsv; do install -m 755 "$(BUILT)/wrapper" "$(DESTDIR)$(LIB)/wrapper/$$name" || exit; done
	ln -sfr "$(DESTDIR)$(LIB)/bin/sunup" "$(DESTDIR)$(PREFIX)/bin/sunup"
	install -m 755 "$(BUILT)/init" "$(DESTDIR)/sbin/init"
	set -e; for link in $(SBIN_LINKS); do \
		case $$link in init:*) from="$(DESTDIR)/sbin/init" ;; *) from="$(DESTDIR)$(LIB)/bin/$${link%:*}" ;; esac; \
		ln -sfr "$$from" "$(DESTDIR)/sbin/$${link#*:}"; \
	done
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
	test -e "$(DESTDIR)$(ETC)/stage1" || test ! -e units/stage1 || cp -a --no-preserve=ownership units/stage1 "$(DESTDIR)$(ETC)/stage1"
	set -e; for page in docs/man/*.[1-8]; do \
		test -e "$$page" || continue; \
		install -D -m 644 "$$page" "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$(basename "$$page")"; \
	done

# Ours beside the installed peers and the floor; docs/bench.md. ONLY= start, order, check, idle; JSON= a file to write.
bench: programs
	SUNUP_BIN="$(abspath $(BUILT))" "$(abspath $(BUILT))/bench" $(if $(JSON),--json "$(JSON)") $(ONLY)

soak:
	@echo 'make soak: not built yet: the long run is an issue of its own' >&2; exit 1

fuzz:
	@echo 'make fuzz: not built yet: fuzzing is an issue of its own' >&2; exit 1

deb:
	@echo 'make deb: not built yet: the packages are an issue of their own' >&2; exit 1
