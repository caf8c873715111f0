// Package vscode tries the VS Code extension in the real program: code-server, which is VS Code in a browser, in headless
// Chromium, against a scripted model. It has tests only, behind the build tag realeditors, since the programs must be there:
// ../install-vscode.sh puts them into a cache folder.
//
// Each scenario is a pair: NAME.txtar holds the project's files and the model's script (the file "model"; without it no
// model is configured), NAME.mjs what the user does and must see, by the words of drive.mjs.
//
// Where OPENCODE_EDITORS_SCREENS names a folder, pictures are kept there.
package vscode
