//! Tells Zed how the language server of nba is started: `nba lsp`, with the `nba` that a terminal in the folder finds.

use zed_extension_api::{self as zed, LanguageServerId, Result};

struct Nba;

impl zed::Extension for Nba {
    fn new() -> Self {
        Nba
    }

    fn language_server_command(
        &mut self,
        _server: &LanguageServerId,
        worktree: &zed::Worktree,
    ) -> Result<zed::Command> {
        let program = worktree.which("nba").ok_or("the program nba is not on the PATH")?;
        Ok(zed::Command {
            command: program,
            args: vec!["lsp".into()],
            env: worktree.shell_env(),
        })
    }
}

zed::register_extension!(Nba);
