package main

import (
	"fmt"
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
			text, err := editors.Text(args[0])
			if err != nil {
				return usageError("%s", err)
			}
			fmt.Fprint(p.stdout, text)
			return nil
		},
	}
	cmd.Flags().StringVar(&into, "into", "", "write the editor's plugin into this folder, over what is there of it")
	return cmd
}

// writePlugin replaces the plugin's files in the folder; nothing else in it is touched.
func (p *program) writePlugin(name, into string) error {
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
