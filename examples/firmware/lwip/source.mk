# lwIP's sources as Debian has them: `make source` brings them by apt, which checks Debian's signature. Where there is no
# apt, LWIP is the folder of sources that are there already.
LWIP_VERSION ?= 2.1.3
LWIP ?= ../build/lwip-$(LWIP_VERSION)
DEBIAN ?= http://deb.debian.org/debian
DEBIAN_KEYS ?= /usr/share/keyrings/debian-archive-keyring.gpg

# The release of Debian that has it.
RELEASE_2.1.3 := bookworm
RELEASE_2.2.1 := trixie
RELEASE := $(RELEASE_$(LWIP_VERSION))
ifeq ($(RELEASE),)
$(error LWIP_VERSION must be 2.1.3 or 2.2.1, got "$(LWIP_VERSION)")
endif

.PHONY: source
source: $(LWIP)/src/Filelists.mk
	@echo $(abspath $(LWIP))

# With lists of its own, in a folder of its own, as somebody else may do the same.
$(LWIP)/src/Filelists.mk:
	@mkdir -p $(dir $(LWIP))
	@set -e; new=$$(mktemp -d $(abspath $(LWIP)).XXXXXX); trap 'rm -rf "$$new"' EXIT; cd "$$new"; \
	mkdir -p lists/partial cache/archives/partial; \
	echo "deb-src [signed-by=$(DEBIAN_KEYS)] $(DEBIAN) $(RELEASE) main" > sources.list; \
	set -- -qq -o Dir::Etc::sourcelist="$$new/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$$new/lists" \
	  -o Dir::Cache="$$new/cache" -o APT::Sandbox::User=; \
	apt-get "$$@" update; \
	apt-get "$$@" source --download-only lwip; \
	tar -xJf lwip_$(LWIP_VERSION)+dfsg1.orig.tar.xz --no-same-owner; \
	mv -T lwip-$(LWIP_VERSION) $(abspath $(LWIP)) 2>/dev/null || test -f $(abspath $@)
