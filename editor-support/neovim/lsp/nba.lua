-- The language server. Is nba not on the path? vim.lsp.config('nba', { cmd = { '/where/it/is/nba', 'lsp' } })
return {
  cmd = { 'nba', 'lsp' },
  filetypes = { 'nba' },
  root_markers = { 'nba.toml', '.git' },
  init_options = { commands = { 'nba.explain', 'nba.test' } },
}
