// Package editorstest tries opencode-lsp in the real editors: Neovim 0.7, 0.10 and 0.12, Helix with and without prompts, Emacs
// and Kakoune, each in a terminal that tmux makes, against a scripted model. Its tests are behind the build tag realeditors,
// since the editors must be there: install.sh puts them into a cache folder. `make test-editors` does both.
//
// Where OPENCODE_EDITORS_SCREENS names a folder, the screens of each run are kept there as text.
package editorstest
