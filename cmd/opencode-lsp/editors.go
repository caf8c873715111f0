package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/opencode-lsp/opencode-lsp/editors"
)

func (p *program) editorsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "editors [" + strings.Join(editors.Names(), "|") + "]", Short: "Print the set-up for an editor", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				fmt.Fprintln(p.stdout, strings.Join(editors.Names(), "\n"))
				return nil
			}
			text, err := editors.Text(args[0])
			if err != nil {
				return usageError("%s", err)
			}
			fmt.Fprint(p.stdout, text)
			return nil
		},
	}
}
