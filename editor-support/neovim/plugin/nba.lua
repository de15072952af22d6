-- Begins the language server in policies, with Neovim 0.11 or later, where the program is.
if vim.lsp.enable and vim.fn.executable(vim.lsp.config.nba.cmd[1]) == 1 then
  vim.lsp.enable('nba')
end
