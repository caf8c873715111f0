package tools

// Builtin returns OpenCode's tools that work on env: read, list, glob, grep, edit, write, apply_patch, bash, webfetch, question,
// todowrite, diagnostics and, where there are skills, skill; which of those that change files a model gets, [ForModel] says.
// They share what the session has seen of each file, so there is one Builtin per session.
func Builtin(env *Env) []Tool {
	k := &kit{Env: env}
	if k.Seen == nil {
		k.Seen = NewSeen(nil)
	}
	all := []Tool{
		Define("apply_patch", applyPatchText, k.applyPatch),
		Define("bash", bashText, k.bash),
		Define("diagnostics", diagnosticsText, k.diagnostics),
		Define("edit", editText, k.edit),
		Define("glob", globText, k.glob),
		Define("grep", grepText, k.grep),
		Define("list", listText, k.list),
		Define("question", questionText, k.question),
		Define("read", readText, k.read),
		Define("todowrite", todoText, k.todowrite),
		Define("webfetch", webText, k.webfetch),
		Define("write", writeText, k.write),
	}
	if k.Skills != nil {
		all = append(all, Define("skill", skillToolText, k.skill))
	}
	return all
}

// kit is what the built-in tools of one session share.
type kit struct{ *Env }
