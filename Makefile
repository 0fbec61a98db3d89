# gaussmix from a checkout: `make lab` shows it at work, `make test` checks it, the rest is for
# those who change it. All that is made lands in build/; what is up to date is not made again.

package := gaussmix
version := $(shell sed -n 's/^Version: *//p' DESCRIPTION)
tarball := build/$(package)_$(version).tar.gz

# What git tracks or would track; in a copy without git, what is there.
sources := $(wildcard $(shell git ls-files --cached --others --exclude-standard 2>/dev/null || \
  find . -type f -not -path './build/*' -not -path '*/target/*' | sed 's|^\./||'))
packaged := .Rbuildignore $(filter-out .% Makefile README.Rmd cran-comments.md \
  bench/% tests/properties/% tools/% vignettes/articles/%, $(sources))
installable := $(filter DESCRIPTION NAMESPACE configure inst/% man/% R/% src/%, $(sources))
vignettes := $(patsubst vignettes/%.Rmd, build/lab/%.html, $(filter vignettes/%.Rmd, $(packaged)))

# build/library has what users get, installed from the tarball; build/dev has the working tree,
# compiled incrementally. This file of an installed package is as new as the installation.
library := build/library/$(package)/Meta/package.rds
dev     := build/dev/$(package)/Meta/package.rds

# What the benchmarks compare with, where R does not install it.
peers := build/bench/armadillo build/bench/python/requirements.txt

# The same messages and sort order on every machine; rustup's Cargo also where no profile was read.
export LC_ALL := C.UTF-8
export PATH := $(PATH):$(HOME)/.cargo/bin
export CARGO_TARGET_DIR := $(CURDIR)/build/target
# R and Cargo run make and jobs of their own, which are not to read this one's flags.
unexport MAKEFLAGS

.DELETE_ON_ERROR:
.PHONY: help lab test setup setup-test setup-bench tarball install check doc readme bench msrv clean FORCE

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## */make \1\t/p' Makefile | expand -t 16

lab: $(library) $(vignettes) ## install from the tarball, fit Old Faithful, render the vignettes
	@R_LIBS=build/library Rscript -e 'gaussmix::gmm_fit(faithful)'
	@echo 'Installed in build/library; vignettes, open in a browser:'
	@printf '  %s\n' $(vignettes)

test: setup-test ## all that CI checks; stages="fmt testthat" runs only those
	@tools/test.sh $(stages)

setup: ## install what this machine lacks; the other targets do it, too
	@tools/setup.sh

tarball: $(tarball) ## the source package, which builds offline

install: $(dev) ## the working tree into build/dev
	@echo 'In R: library(gaussmix, lib.loc = "$(CURDIR)/build/dev")'

check: setup ## R CMD check --as-cran of the tarball, judged by cran-comments.md
	@tools/test.sh check

doc: $(dev) ## wrappers, NAMESPACE, man/, licences, README.md
	Rscript tools/document.R build/dev
	Rscript tools/crates.R licences
	@$(MAKE) --no-print-directory readme

readme: $(dev) ## README.md from README.Rmd
	R_LIBS=$(CURDIR)/build/dev \
	  Rscript -e 'rmarkdown::render("README.Rmd", output_options = list(html_preview = FALSE))'

article := vignettes/articles/performance.Rmd
# A try is no news: then the tables stay in build/.
tables = $(if $(quick),build/bench/results,bench/results)

bench: $(dev) $(peers) ## compare with other packages, into bench/results; quick=1 to try it
	cargo run --locked --release --manifest-path bench/micro/Cargo.toml
	R_LIBS=build/dev Rscript bench/bench.R $(tables) $(if $(quick),quick,full) $(sections)
	Rscript -e 'made <- list(tables = "$(CURDIR)/$(tables)")' \
	  -e 'rmarkdown::render("$(article)", NULL, NULL, "build/bench", params = made, quiet = TRUE)'

setup-test: setup
	tools/setup.sh test

setup-bench: setup
	tools/setup.sh bench

msrv: setup ## build and test with the oldest compiler that apt has
	tools/msrv.sh

clean: ## remove build/
	rm -rf build

# Rewritten only when a file comes or goes, which the dates of the files would not tell.
build/files: FORCE
	@mkdir -p build
	@printf '%s\n' $(packaged) | cmp -s - $@ || printf '%s\n' $(packaged) > $@

build/vendor/vendor.tar.xz: src/rust/Cargo.lock tools/vendor.sh | setup
	tools/vendor.sh build/vendor

# A copy, so that the checkout stays without vendored crates and is built with the user's own.
$(tarball): $(packaged) build/files build/vendor/vendor.tar.xz | setup
	rm -rf build/$(package)
	mkdir -p build/$(package)
	tar -cf - -T build/files | tar -xf - -C build/$(package)
	cp build/vendor/* build/$(package)/src/rust
	cd build && R CMD build $(package)

# install.packages() only warns when an installation fails. One that was interrupted leaves a lock.
$(library): $(tarball)
	mkdir -p build/library
	rm -rf build/library/00LOCK-$(package)
	Rscript -e 'options(warn = 2); install.packages("$<", "build/library", NULL, type = "source")'

# Not loaded after installation: NAMESPACE may be what `make doc` has yet to mend.
$(dev): $(installable) build/files | setup
	mkdir -p build/dev
	rm -rf build/dev/00LOCK-$(package)
	GAUSSMIX_TARGET_DIR=$(CARGO_TARGET_DIR) \
	  R CMD INSTALL --no-test-load --clean --library=build/dev .

build/bench/armadillo: bench/peers/armadillo.cpp | setup-bench
	mkdir -p build/bench
	$(CXX) -O3 -march=native -fopenmp -DARMA_NO_DEBUG -o $@ $< -larmadillo

# The list is copied when all in it is installed.
build/bench/python/requirements.txt: bench/peers/requirements.txt | setup-bench
	python3 -m venv build/bench/python
	build/bench/python/bin/python -m pip install --quiet --requirement $<
	cp $< $@

# The player of the iterations is 3 MB, which the tarball's copy of the lab does without.
build/lab/lab.html: params = list(player = TRUE)
build/lab/%.html: vignettes/%.Rmd $(library)
	R_LIBS=$(CURDIR)/build/library Rscript -e \
	  'rmarkdown::render("$<", NULL, NULL, "build/lab", params = $(or $(params),NULL), quiet = TRUE)'

# Whatever R CMD check finds, the log is made, and tools/check.R judges it. Its settings come from a
# file because Debian's Renviron.site overrides variables: the flags this R was itself compiled with
# are not ours, and what CRAN and web servers answer today is no property of the package.
build/$(package).Rcheck/00check.log: $(tarball)
	printf '%s\n' "_R_CHECK_COMPILATION_FLAGS_KNOWN_='`R CMD config CFLAGS`'" \
	  _R_CHECK_CRAN_INCOMING_REMOTE_=false > build/check.Renviron
	-cd build && R_CHECK_ENVIRON=check.Renviron R CMD check --as-cran --no-manual $(notdir $<)
