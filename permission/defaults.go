package permission

// Defaults are the rules that hold where the user's configuration says nothing: looking inside the workspace is allowed,
// secrets and everything with an effect ask. The rules and their order are OpenCode's, with more names of secrets.
func Defaults() Layer {
	l := Layer{Name: "defaults"}
	add := func(permission string, a Action, patterns ...string) {
		for _, p := range patterns {
			l.Rules = append(l.Rules, Rule{Permission: permission, Pattern: p, Action: a})
		}
	}
	add("*", Ask, "*")
	for _, p := range [...]string{"read", "list", "glob", "grep", "todowrite", "question", "diagnostics"} {
		add(p, Allow, "*")
	}
	for _, p := range [...]string{"read", "grep"} {
		add(p, Ask, "*.env", "*.env.*", "*/.envrc")
		add(p, Allow, "*.env.example")
		add(p, Ask, "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk",
			"*/id_rsa", "*/id_dsa", "*/id_ecdsa", "*/id_ed25519", "*/.ssh/*", "*/.gnupg/*", "*/.aws/*", "*/.kube/*",
			"*/.netrc", "*/.npmrc", "*/.pypirc", "*/.git-credentials", "*/.docker/config.json", "*/.pgpass",
			"*/.config/gcloud/*", "*/.config/gh/*", "*.tfstate", "*.tfvars")
	}
	add("read", Ask, "mcp:*") // resources of MCP servers, which are never in the workspace
	add("external_directory", Ask, "*")
	add("doom_loop", Ask, "*")
	return l
}
