package tools

import (
	"context"
	_ "embed"
	"errors"
	"slices"
	"strings"
)

//go:embed apply_patch.md
var applyPatchText string

type applyPatchArgs struct {
	PatchText string `json:"patchText" jsonschema:"The whole patch, from *** Begin Patch to *** End Patch."`
}

// applyPatch prepares the changes of a patch to all of its files, as one operation.
func (k *kit) applyPatch(ctx context.Context, a applyPatchArgs) (Op, error) {
	sections, err := parsePatch(a.PatchText)
	if err != nil {
		return nil, err
	}
	changes, err := k.planPatch(ctx, sections)
	var hidden *hiddenError
	if errors.As(err, &hidden) && !k.readable(hidden.at) {
		return k.afterReading("apply_patch", hidden.at, err), nil
	}
	if err != nil {
		return nil, err
	}
	return k.changeOp(ctx, "apply_patch", changes), nil
}

// patchModel reports whether a model, "provider/model", is used to apply_patch, by OpenCode's rule.
func patchModel(name string) bool {
	_, id, ok := strings.Cut(name, "/")
	if !ok {
		id = name
	}
	return strings.Contains(id, "gpt-") && !strings.Contains(id, "oss") && !strings.Contains(id, "gpt-4")
}

// ForModel leaves out the tools that a model does not get: it changes files by apply_patch or by edit and write.
func ForModel(all []Tool, name string) []Tool {
	without := []string{"apply_patch"}
	if patchModel(name) {
		without = []string{"edit", "write"}
	}
	return slices.DeleteFunc(slices.Clone(all), func(t Tool) bool { return slices.Contains(without, t.Name()) })
}
