"""`nba lsp`: the language server."""

from __future__ import annotations

import gc

import click


@click.command()
@click.option("--stdio", is_flag=True, help="Speak on standard input and output, which it always does.")
@click.option("--log", metavar="FILE", help="Write what goes wrong to a file instead of standard error.")
@click.option("--strict", is_flag=True, hidden=True, help="Mistakes of the server are errors of its answers.")
def command(stdio: bool, log: str | None, strict: bool) -> None:
    """Serve an editor: findings while you type, completion, hover, renaming and more.

    Editors start this themselves; it speaks the Language Server Protocol on standard input and output. Findings are
    those of `nba check`, for the text in the editor.

    \b
    Example:
      nba lsp --log nba-lsp.log

    \b
    What Neovim 0.11 needs to start it:
      vim.filetype.add { extension = { nba = "nba" } }
      vim.lsp.config("nba", { cmd = { "nba", "lsp" }, filetypes = { "nba" }, root_markers = { "nba.toml", ".git" } })
      vim.lsp.enable("nba")
    """
    gc.disable()  # while thousands of classes are made, which stay; `serve` enables it
    from nbadsl.lsp.server import serve

    serve(log, strict)
