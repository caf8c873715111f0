package editors

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// manifest is what VS Code reads of the extension.
type manifest struct {
	Capabilities struct {
		UntrustedWorkspaces struct {
			RestrictedConfigurations []string `json:"restrictedConfigurations"`
		} `json:"untrustedWorkspaces"`
	} `json:"capabilities"`
	Contributes struct {
		Commands []struct {
			Command string `json:"command"`
			Title   string `json:"title"`
		} `json:"commands"`
		Menus       map[string][]struct{ Command string } `json:"menus"`
		Keybindings []struct {
			Command, Key string
		} `json:"keybindings"`
		Configuration struct {
			Properties map[string]struct {
				Scope               string `json:"scope"`
				MarkdownDescription string `json:"markdownDescription"`
			} `json:"properties"`
		} `json:"configuration"`
	} `json:"contributes"`
}

func readManifest(t *testing.T) (m manifest, commands []string) {
	t.Helper()
	data, err := os.ReadFile("vscode/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Contributes.Commands {
		commands = append(commands, c.Command)
	}
	return m, commands
}

// Menus and keys name commands that there are, and none has the id of a server's command: the language client registers
// those itself, and a second registration throws.
func TestVSCodeCommands(t *testing.T) {
	m, known := readManifest(t)
	used := slices.Clone(known)
	for _, items := range m.Contributes.Menus {
		for _, item := range items {
			used = append(used, item.Command)
		}
	}
	for _, k := range m.Contributes.Keybindings {
		used = append(used, k.Command)
	}
	for _, command := range used {
		if command != "" && !slices.Contains(known, command) {
			t.Errorf("%s is used and not contributed", command)
		}
		if slices.Contains(commands(), command) {
			t.Errorf("%s is the server's", command)
		}
	}
}

// What names programs, endpoints or permissions is the user's alone: a workspace's settings cannot set it, trusted or not.
func TestVSCodeSettings(t *testing.T) {
	m, _ := readManifest(t)
	restricted := m.Capabilities.UntrustedWorkspaces.RestrictedConfigurations
	for name, p := range m.Contributes.Configuration.Properties {
		if p.MarkdownDescription == "" {
			t.Errorf("%s has no description", name)
		}
		if p.Scope == "machine" && !slices.Contains(restricted, name) {
			t.Errorf("%s is not restricted", name)
		}
	}
	for _, name := range []string{"server.path", "server.environment", "provider", "permission", "mcp"} {
		if m.Contributes.Configuration.Properties["opencode."+name].Scope != "machine" {
			t.Errorf("opencode.%s can be set by a workspace", name)
		}
	}
}

// The page's keys are the extension's.
func TestVSCodeKeys(t *testing.T) {
	m, _ := readManifest(t)
	page, err := Text("vscode")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range m.Contributes.Keybindings {
		letter := k.Key[strings.LastIndexByte(k.Key, ' ')+1:]
		if !strings.Contains(page, "`Ctrl+K "+strings.ToUpper(letter)+"`") {
			t.Errorf("the page does not tell of %s", k.Key)
		}
	}
}

// No lock file names the registry of whoever made it.
func TestLockFileNamesNoRegistry(t *testing.T) {
	data, err := os.ReadFile("vscode/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), `"resolved"`) {
		t.Error(`package-lock.json has "resolved" fields; npm's omit-lockfile-registry-resolved leaves them out`)
	}
}

// Zed knows the server by the name that the page's settings use.
func TestZedNames(t *testing.T) {
	data, err := os.ReadFile("zed/extension.toml")
	if err != nil {
		t.Fatal(err)
	}
	page, err := Text("zed")
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`(?m)^\[language_servers\.(\S+)\]$`).FindStringSubmatch(string(data))
	if id == nil || !strings.Contains(page, `"lsp": {`+"\n    \""+id[1]+`"`) {
		t.Errorf("the server is %q in extension.toml and something else on the page", id)
	}
	for _, name := range regexp.MustCompile(`"task_name": "([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `"label": "`+name[1]+`"`) {
			t.Errorf("a key runs the task %q, which is not there", name[1])
		}
	}
}
