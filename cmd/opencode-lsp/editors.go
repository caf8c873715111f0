package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/editors"
)

func (p *program) editorsCommand() *cobra.Command {
	var into string
	cmd := &cobra.Command{
		Use: "editors [" + strings.Join(editors.Names(), "|") + "]", Short: "Print the set-up for an editor", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && into != "":
				return usageError("--into needs the name of an editor")
			case len(args) == 0:
				fmt.Fprintln(p.stdout, strings.Join(editors.Names(), "\n"))
				return nil
			case into != "":
				return p.writePlugin(args[0], into)
			}
			return p.printEditor(args[0])
		},
	}
	cmd.Flags().StringVar(&into, "into", "", "write the editor's plugin into this folder, or Helix's block into this languages.toml, over what is there of it")
	return cmd
}

// printEditor prints the page; for Helix also the languages.toml, which depends on what Helix is installed.
func (p *program) printEditor(name string) error {
	text, err := editors.Text(name)
	if err != nil {
		return usageError("%s", err)
	}
	fmt.Fprint(p.stdout, text)
	if strings.EqualFold(name, "helix") {
		user, _ := os.ReadFile(p.helixConfig()) // none is as good as empty
		block := editors.HelixBlock(editors.HelixMerge(installedHelix(), string(user)))
		fmt.Fprint(p.stdout, "\n## languages.toml\n\n```toml\n"+block+"```\n")
	}
	return nil
}

// writePlugin replaces the plugin's files in the folder; nothing else in it is touched. For Helix, which has no plugins, it
// replaces the block in the file.
func (p *program) writePlugin(name, into string) error {
	if strings.EqualFold(name, "helix") {
		return failed(p.writeHelix(into))
	}
	plugin, err := editors.Plugin(name)
	if err != nil {
		return usageError("%s", err)
	}
	if err := editors.Write(plugin, into); err != nil {
		return failed(err)
	}
	fmt.Fprintln(p.stdout, "written to "+into)
	return nil
}

func (p *program) writeHelix(file string) error {
	user, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(editors.HelixInto(installedHelix(), string(user))), 0o644); err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, "written to "+file)
	return nil
}

// helixConfig is the user's own languages.toml.
func (p *program) helixConfig() string {
	return filepath.Join(filepath.Dir(p.dirs.config), "helix", "languages.toml")
}

// installedHelix is the languages.toml of the Helix in the PATH, "" where there is none that says.
func installedHelix() string {
	for _, name := range []string{"hx", "helix"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if file, err := os.ReadFile(path); err == nil {
			return editors.HelixInside(file)
		}
	}
	return ""
}
