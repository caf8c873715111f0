//! Starts opencode-lsp for Zed and hands it the settings under `lsp.opencode` of Zed's settings.json.

use zed_extension_api::{
    self as zed, serde_json, settings::LspSettings, Command, LanguageServerId, Result, Worktree,
};

/// The name of the program, looked for in the PATH of the worktree's shell.
const PROGRAM: &str = "opencode-lsp";

struct OpenCode;

impl zed::Extension for OpenCode {
    fn new() -> Self {
        OpenCode
    }

    /// The program as the user set it, else as the shell finds it. Never one from the worktree itself.
    fn language_server_command(
        &mut self,
        id: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Command> {
        let binary = settings(id, worktree).and_then(|s| s.binary);
        let (path, arguments, variables) = match binary {
            Some(b) => (b.path, b.arguments, b.env),
            None => (None, None, None),
        };
        let command = path.or_else(|| worktree.which(PROGRAM)).ok_or_else(|| {
            format!("{PROGRAM} is not in PATH: install it, or set lsp.opencode.binary.path in settings.json")
        })?;
        let mut env = worktree.shell_env();
        env.extend(variables.into_iter().flatten());
        Ok(Command {
            command,
            args: arguments.unwrap_or_default(),
            env,
        })
    }

    /// `lsp.opencode.initialization_options`, with the keys of opencode.json.
    fn language_server_initialization_options(
        &mut self,
        id: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<serde_json::Value>> {
        Ok(settings(id, worktree).and_then(|s| s.initialization_options))
    }

    /// `lsp.opencode.settings`, as the section "opencode" for which the server asks.
    fn language_server_workspace_configuration(
        &mut self,
        id: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<serde_json::Value>> {
        let keys = settings(id, worktree).and_then(|s| s.settings);
        Ok(keys.map(|keys| serde_json::json!({ "opencode": keys })))
    }
}

/// What settings.json says of the server; nothing where it says nothing or cannot be read.
fn settings(id: &LanguageServerId, worktree: &Worktree) -> Option<LspSettings> {
    LspSettings::for_worktree(id.as_ref(), worktree).ok()
}

zed::register_extension!(OpenCode);
