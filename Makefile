# The commands of this project; `make help` lists them.
.DEFAULT_GOAL := help
BIN := node_modules/.bin
PYTHON := templates/python/sse/runtime
export PYTHON_ENV ?= $(CURDIR)/.cache/python
export PATH := $(CURDIR)/$(BIN):$(PATH)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

node_modules/.package-lock.json: package.json package-lock.json
	npm ci
	@touch $@

install: node_modules/.package-lock.json ## the npm packages, as locked

bench/node_modules/.package-lock.json: bench/package.json bench/package-lock.json
	cd bench && npm ci
	@touch $@

build: install ## the plugin (dist/protoc-gen-sse.cjs) and the runtime as a package (dist/runtime)
	rm -rf dist
	node scripts/bundle.js
	node scripts/join-runtime.js
	mkdir dist/python-runtime
	cp $(filter-out %/messages.py $(wildcard $(PYTHON)/test_*.py),$(wildcard $(PYTHON)/*.py)) $(PYTHON)/py.typed dist/python-runtime
	mkdir dist/go-runtime
	# A module of its own, so that ./... of a Go module above node_modules leaves it out.
	cp templates/go/go.mod dist/go-runtime
	for package in sse redislog eventlogtest; do mkdir dist/go-runtime/$$package && cp templates/go/$$package/*.go dist/go-runtime/$$package; done
	rm dist/go-runtime/*/*_test.go
	tsc -p tsconfig.runtime.json
	mv dist/runtime/*/* dist/runtime/
	rmdir dist/runtime/*/

generate: install ## src/gen and test/gen from their protos
	rm -rf src/gen test/gen
	buf generate proto --template buf.gen.yaml -o src
	buf generate src/annotations/proto --template buf.gen.yaml -o src
	buf generate test/proto --include-imports --template buf.gen.yaml -o test

$(PYTHON_ENV)/.installed: test/python/requirements.txt
	python3 -m venv $(PYTHON_ENV)
	$(PYTHON_ENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

python: $(PYTHON_ENV)/.installed ## the Python of the tests: a virtual environment, without which they are skipped

test: build ## every test
	vitest run

test-unit: install ## the tests that open no socket and start no process: seconds
	vitest run --project modules --pool threads $$(node test/unit-tests.js)

newcomer: build ## what a new user does: the commands of the README and of the guides, with the packed package, outside the tree
	vitest run --project modules test/newcomer

golden: build ## rewrite golden/**/want, conformance/bind.json, the table of docs/options.md and docs/annotations.md; read the diff before you commit it
	UPDATE_GOLDEN=1 vitest run test/golden.test.ts test/readme.test.ts test/docs-annotations.test.ts conformance/bind.test.ts

demo: build ## a server and a client over real HTTP: examples/market
	$(MAKE) -C examples/market demo

demo-nodes: build ## two servers over Redis, killed in turn while a client watches: examples/market
	$(MAKE) -C examples/market demo-nodes

lint: install ## formatting, linting and types, of TypeScript and protos
	biome check --error-on-warnings
	buf lint
	buf format --diff --exit-code
	tsc -p .
	tsc -p templates/typescript
	tsc -p test/event-log

format: install ## formats everything
	biome check --write
	buf format -w

matrix: build ## measures the tools of docs/openapi.md and rewrites its matrix; needs Python, Go, Java, Maven and Rust
	OPENAPI_TOOLS=all UPDATE_GOLDEN=1 vitest run test/openapi/matrix.test.ts

corpus: build matrix ## the matrix, and all of googleapis: generated, compiled, validated; takes long, and needs protoc; rows of languages that are not installed are skipped
	esbuild test/corpus/main.ts --bundle --platform=node --format=esm --packages=external --outfile=.cache/corpus.js --log-level=warning
	node --max-old-space-size=8192 .cache/corpus.js

bench: build bench/node_modules/.package-lock.json ## figures beside other tools, into docs/performance.md; `BENCH=router` runs a part; needs protoc; rows of languages that are not installed are skipped
	node bench/run.js $(BENCH)

check: test lint demo ## all of it: what CI runs; nothing may have changed in the tree afterwards
	$(MAKE) -C examples/market demo-nodes
	$(MAKE) generate
	git diff --exit-code
	@test -z "$$(git status --porcelain)" || { git status --porcelain; echo "make check left files behind"; exit 1; }

clean: ## removes what was built and installed
	rm -rf dist .cache node_modules examples/*/node_modules examples/*/gen examples/*/*/gen examples/*/*/.venv examples/*/dist bench/node_modules test/openapi/clients/node_modules test/recipes/node_modules

.PHONY: help install build generate python test test-unit newcomer golden demo demo-nodes lint format matrix corpus bench check clean
