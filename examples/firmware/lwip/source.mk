# lwIP's sources as Debian has them: `make source` brings them. LWIP may be another folder with them.
LWIP_VERSION ?= 2.1.3
LWIP ?= ../build/lwip-$(LWIP_VERSION)
DEBIAN ?= http://deb.debian.org/debian

SHA256_2.1.3 := 0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24
SHA256_2.2.1 := 83729c274c499d3348e9fbbe043a3113f3fa8953e7efddc7c21c7fcbb1f2b7b1
LWIP_ARCHIVE := lwip_$(LWIP_VERSION)+dfsg1.orig.tar.xz

ifeq ($(SHA256_$(LWIP_VERSION)),)
$(error LWIP_VERSION must be 2.1.3 or 2.2.1, got "$(LWIP_VERSION)")
endif

.PHONY: source
source: $(LWIP)/src/Filelists.mk
	@echo $(abspath $(LWIP))

# In a folder of its own first, as somebody else may do the same.
$(LWIP)/src/Filelists.mk:
	@mkdir -p $(dir $(LWIP))
	@set -e; new=$$(mktemp -d $(LWIP).XXXXXX); trap 'rm -rf "$$new"' EXIT; \
	curl -fsSL -o "$$new/archive" $(DEBIAN)/pool/main/l/lwip/$(LWIP_ARCHIVE); \
	echo "$(SHA256_$(LWIP_VERSION))  $$new/archive" | sha256sum --check --quiet; \
	tar -xJf "$$new/archive" -C "$$new" --no-same-owner; \
	mv -T "$$new/lwip-$(LWIP_VERSION)" $(LWIP) 2>/dev/null || test -f $@
