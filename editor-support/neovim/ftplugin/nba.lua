-- A policy: two spaces a level, # for comments; colours and folds by tree-sitter if its parser has been made.

if vim.b.did_ftplugin then
  return
end
vim.b.did_ftplugin = true

vim.bo.commentstring = '# %s'
vim.bo.comments = ':#'
vim.bo.expandtab = true
vim.bo.shiftwidth = 2
vim.bo.softtabstop = 2
vim.b.undo_ftplugin = 'setlocal commentstring< comments< expandtab< shiftwidth< softtabstop<'

if not pcall(vim.treesitter.language.add, 'nba') or not pcall(vim.treesitter.language.inspect, 'nba') then
  return
end

-- The queries stand beside this folder, with the grammar.
local packages = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))))
for _, name in ipairs({ 'highlights', 'folds', 'injections' }) do
  local path = vim.fs.joinpath(packages, 'tree-sitter-nba', 'queries', name .. '.scm')
  local file = assert(io.open(path))
  vim.treesitter.query.set('nba', name, file:read('a'))
  file:close()
end
vim.treesitter.start()
vim.wo[0][0].foldmethod = 'expr'
vim.wo[0][0].foldexpr = 'v:lua.vim.treesitter.foldexpr()'
vim.wo[0][0].foldlevel = 99
vim.b.undo_ftplugin = vim.b.undo_ftplugin .. ' foldmethod< foldexpr< foldlevel< | lua vim.treesitter.stop()'
