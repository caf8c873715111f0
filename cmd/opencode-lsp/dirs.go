package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// dirs are the program's folders, by the XDG base directory specification.
type dirs struct {
	home, config, data, state, runtime string
}

// findDirs reads them off the environment; relative values are ignored, as the specification says.
func findDirs(getenv func(string) string) dirs {
	home := getenv("HOME")
	if home == "" {
		home, _ = os.UserHomeDir()
	}
	at := func(name string, fallback ...string) string {
		if dir := getenv(name); filepath.IsAbs(dir) {
			return dir
		}
		return filepath.Join(fallback...)
	}
	return dirs{
		home:    home,
		config:  filepath.Join(at("XDG_CONFIG_HOME", home, ".config"), "opencode"),
		data:    filepath.Join(at("XDG_DATA_HOME", home, ".local", "share"), "opencode-lsp"),
		state:   filepath.Join(at("XDG_STATE_HOME", home, ".local", "state"), "opencode-lsp"),
		runtime: filepath.Join(at("XDG_RUNTIME_DIR", os.TempDir(), fmt.Sprintf("opencode-lsp-%d", os.Getuid())), "opencode-lsp"),
	}
}

func (d dirs) transcripts() string { return filepath.Join(d.data, "transcripts") }

func (d dirs) outputs() string { return filepath.Join(d.data, "tool-output") }

func (d dirs) contents() string { return filepath.Join(d.data, "contents") }

// tokens keeps what signing in to MCP servers gave.
func (d dirs) tokens() string { return filepath.Join(d.data, "mcp-auth") }

// models is the catalogue that was fetched last.
func (d dirs) models() string { return filepath.Join(d.data, "models.json") }

// commands is the folder of the scripts that an editor's terminals run.
func (d dirs) commands() string { return filepath.Join(d.data, "commands") }

// serverPasswords keeps the passwords that are made for servers, while they run.
func (d dirs) serverPasswords() string { return filepath.Join(d.data, "server") }
