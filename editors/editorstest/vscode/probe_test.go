//go:build realeditors

package vscode

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
)

// probe is an extension of the test. Where the setting probe.changes is on it notes when the server has handled a change: it
// sends a request right after it, and the server reads what it gets in order. It reports each "BUG: text" as a problem, as
// another language server would.
var probe = map[string]string{
	"[Content_Types].xml": `<?xml version="1.0" encoding="utf-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension=".json" ContentType="application/json"/><Default Extension=".js" ContentType="application/javascript"/>
<Default Extension=".vsixmanifest" ContentType="text/xml"/></Types>`,
	"extension.vsixmanifest": `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata><Identity Language="en-US" Id="probe" Version="0.0.1" Publisher="opencode-lsp-test"/><DisplayName>probe</DisplayName>
<Description>probe</Description></Metadata><Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Dependencies/><Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/></Assets>
</PackageManifest>`,
	"extension/package.json": `{"name": "probe", "publisher": "opencode-lsp-test", "version": "0.0.1", "engines": {"vscode": "^1.91.0"},
"main": "./main.js", "activationEvents": ["onStartupFinished"]}`,
	"extension/main.js": `const vscode = require("vscode"), fs = require("fs");
exports.activate = () => {
	if (vscode.workspace.getConfiguration("probe").get("changes")) vscode.workspace.onDidChangeTextDocument(note);
	const problems = vscode.languages.createDiagnosticCollection("probe");
	const look = (document) => problems.set(document.uri, find(document));
	vscode.workspace.textDocuments.forEach(look);
	vscode.workspace.onDidOpenTextDocument(look);
};
function note(e) {
	if (e.document.uri.scheme !== "file" || !e.contentChanges.length) return;
	setImmediate(async () => {
		await vscode.commands.executeCommand("opencode.status");
		fs.appendFileSync(process.env.OPENCODE_PROBE, Date.now() + "\n");
	});
}
function find(document) {
	return [...document.getText().matchAll(/BUG: (.*)/g)].map((m) => {
		const range = new vscode.Range(document.positionAt(m.index), document.positionAt(m.index + m[0].length));
		return Object.assign(new vscode.Diagnostic(range, m[1]), { source: "probe" });
	});
}`,
}

// probeExtension packs the probe.
func probeExtension(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "probe.vsix")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	for name, text := range probe {
		entry, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
