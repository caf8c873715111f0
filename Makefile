# opencode-lsp. Everything here needs Go and nothing else, but for `race` (a C compiler), `vscode` and `conformance` (npm) and `bench` (ripgrep, if present).

BIN       := bin/opencode-lsp
PKG       := ./cmd/opencode-lsp
GOFLAGS_R := -trimpath -ldflags='-s -w'
STATIC    := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME  ?= 20s

.PHONY: undo build vscode test test-editors test-vscode race real conformance lint fuzz bench demo clean

build:
	CGO_ENABLED=0 go build $(GOFLAGS_R) -o $(BIN) $(PKG)

# The VS Code extension, from its lock file. Needs npm.
vscode:
	cd editors/vscode && npm ci --ignore-scripts --no-audit --no-fund && npm run check && npm test && npm run package

test:
	CGO_ENABLED=0 go test ./...

# Neovim and Helix, the real programs, in tmux; installs them first where they are not there. Needs root on Debian. A
# screen of each run is kept in bin/screens.
test-editors: build
	./editors/editorstest/install.sh
	OPENCODE_EDITORS_SCREENS=$${OPENCODE_EDITORS_SCREENS:-$(CURDIR)/bin/screens} go test -count=1 -timeout 600s -tags realeditors ./editors/editorstest

# The extension in the real program; installs it first where it is not there.
test-vscode: build vscode
	go test -tags realeditors -count=1 -timeout 20m -v ./editors/editorstest/vscode

race:
	CGO_ENABLED=1 go test -race ./...

# Every script against the real binary, those that take minutes too.
real:
	go test -run TestScriptsReal -count=1 $(PKG) -slow

# The client scenarios of the public MCP conformance suite. Needs npm, which installs the suite in the user's cache.
conformance:
	./tools/mcp/conformance.sh

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l . | sed 's/^/not gofmt-ed: /'; exit 1; }
	go mod tidy -diff
	go vet ./...
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./...
	go run $(STATIC) ./...

# Each fuzz target for FUZZTIME: a time, or with an x a number of runs, which does not end in a "context deadline exceeded".
fuzz:
	@for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; \
	done

# Ten thousand random histories of edits, commands, typing, saves, undos and redos; `make test` plays 150 of them.
undo:
	CGO_ENABLED=0 go test -run TestUndoRandom -count=1 -timeout 60m -v ./agent -undo.runs 10000

# The figures of the README, against the real binary.
bench: build
	go test -run TestFigures -count=1 -v $(PKG) -figures

demo: build
	./$(BIN) demo

clean:
	rm -rf bin
