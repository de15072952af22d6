-- Begins the language server in policies, with Neovim 0.11 or later, where the program is.
if not vim.lsp.enable then
  return
end
local command = vim.lsp.config.nba.cmd
if type(command) == 'function' or vim.fn.executable(command[1]) == 1 then
  vim.lsp.enable('nba')
end
