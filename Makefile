# opencode-lsp. Everything here needs Go and nothing else, but for `race` (a C compiler), `vscode`, `conformance`, `acp-test`, `serve-test` and `serve-bench` (npm) and `bench` (ripgrep, if present).

BIN       := bin/opencode-lsp
PKG       := ./cmd/opencode-lsp
GOFLAGS_R := -trimpath -ldflags='-s -w'
STATIC    := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME  ?= 20s

.PHONY: build vscode test test-editors test-vscode serve-test serve-guard serve-compat serve-bench race real long undo corpus conformance acp-test lint fuzz bench demo clean

build:
	CGO_ENABLED=0 go build $(GOFLAGS_R) -o $(BIN) $(PKG)

# The VS Code extension, from its lock file. Needs Node 22 with npm.
vscode:
	cd editors/vscode && npm ci --ignore-scripts --no-audit --no-fund && npm run check && npm test && npm run package

test:
	CGO_ENABLED=0 go test ./...

# Neovim, Helix, Emacs and Kakoune, the real programs, in tmux; installs them first where they are not there. Needs root on
# Debian. The screens of each run are kept in bin/screens.
test-editors: build
	./editors/editorstest/install.sh
	OPENCODE_EDITORS_SCREENS=$${OPENCODE_EDITORS_SCREENS:-$(CURDIR)/bin/screens} go test -count=1 -timeout 600s -parallel 4 -tags realeditors ./editors/editorstest

# The extension in the real program, in a browser; installs both first where they are not there, Debian's packages as root.
# Its pictures are kept in bin/screens. Where it may, the measurement goes before all else that the machine does.
VSCODE_TEST = go test -count=1 -timeout 20m -v -tags realeditors ./editors/editorstest/vscode
test-vscode: export OPENCODE_EDITORS_SCREENS ?= $(CURDIR)/bin/screens
test-vscode: build
	./editors/editorstest/install-vscode.sh > bin/vscode-tools
	PATH="$$(dirname "$$(sed -n 's/^NODE=//p' bin/vscode-tools)"):$$PATH" $(MAKE) vscode
	$$(chrt --rr 1 true 2>/dev/null && echo chrt --rr 1) $(VSCODE_TEST) -run TestLatency
	$(VSCODE_TEST) -run TestVSCode

# The clients of server mode, the real ones: OpenCode's SDK and its terminal program; our answers beside its own schemas.
# Installs them in the user's cache; the screens are kept in bin/screens.
CLIENTS_TEST = go test -count=1 -timeout 15m -tags realclients ./agent/httpapi/clienttest
serve-test: export OPENCODE_EDITORS_SCREENS ?= $(CURDIR)/bin/screens
serve-test: serve-guard
	$(CLIENTS_TEST)

# The same clients against OpenCode's own server: what they are told there is what they must be told here.
serve-compat:
	OPENCODE_CLIENTS_SERVER=opencode $(CLIENTS_TEST) -run 'TestJourneys|TestShapes|TestAttach|TestRun|TestSpawn'

# 50 sessions at once in OpenCode's server and in ours: CPU time and memory side by side. Takes three minutes.
serve-bench:
	$(CLIENTS_TEST) -run TestLoad -v -sessions 50 -patience 300s

race:
	CGO_ENABLED=1 go test -race ./...

# Every script against the real binary, those that take minutes too.
real:
	go test -run TestScriptsReal -count=1 $(PKG) -slow

# A session of 300 steps with a small context through the real binary; prints compactions, memory and the largest request.
long:
	go test -run TestLongSession -count=1 -v $(PKG) -long

# The client scenarios of the public MCP conformance suite. Needs npm, which installs the suite in the user's cache.
conformance:
	./tools/mcp/conformance.sh

# The client of the public ACP SDK for TypeScript against the real binary, every message against its schema. Needs npm, which
# installs the SDK and a Node in the user's cache.
acp-test:
	./agent/acp/sdktest/run.sh

# Server mode's checklist with the full load (10,000 wrong passwords, 1,000 subscribers), times of wrong passwords compared, and a real
# browser with pages of other origins, which is installed first where it is not there (as for test-vscode).
serve-guard:
	go test -count=1 -v -run TestConstantTime ./agent/httpapi -timing
	go test -count=1 -v -timeout 20m -tags servebrowser -run '^TestServe' $(PKG) -heavy

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l . | sed 's/^/not gofmt-ed: /'; exit 1; }
	go mod tidy -diff
	go vet ./...
	go vet -tags corpus ./tools
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

# HISTORIES random histories of edits, commands, typing, saves, undos and redos; `make test` plays 150 of them.
HISTORIES ?= 10000
undo:
	CGO_ENABLED=0 go test -run TestUndoRandom -count=1 -timeout 60m -v ./agent -undo.runs $(HISTORIES)

# Edits from public corpora through the real tools. CORPUS is a folder of cases as tools/corpus_test.go reads them.
corpus:
	CGO_ENABLED=0 go test -tags corpus -run TestCorpus -count=1 -v ./tools -corpus $(CORPUS)

# The figures of the README, against the real binary.
bench: build
	go test -run TestFigures -count=1 -v $(PKG) -figures

demo: build
	./$(BIN) demo

clean:
	rm -rf bin
