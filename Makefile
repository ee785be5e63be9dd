# make run    builds Caddy with the gate and starts Caddyfile.example on http://localhost:8080
# make test   installs what the tests need and runs all of them
# make bench  measures, and prints ratios

GO ?= go

.PHONY: run build test bench tools

run: build
	./bin/caddy run --config Caddyfile.example --adapter caddyfile

build:
	$(GO) build -o bin/caddy ./cmd/caddy

test: tools
	.ci/test

bench: tools build
	.ci/bench

tools:
	.ci/tools
