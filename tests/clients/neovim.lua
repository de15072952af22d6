-- Neovim with the package of the project, for tests: nvim --clean --headless -l neovim.lua PACKAGE DO PLACES [PARSER].
-- PLACES is a JSON file: for each path a list of [line, byte], from 0. The answer is one JSON object on standard output.

local package, action, places, parser = arg[1], arg[2], arg[3], arg[4]
vim.opt.rtp:prepend(package)
vim.cmd('filetype plugin indent on | syntax on | runtime! ftdetect/nba.lua')
if parser then
  vim.treesitter.language.add('nba', { path = parser })
end

local act = {}

--- The text as Neovim indents it when no line is indented.
function act.indent()
  vim.cmd([[silent %s/^\s\+//e]])
  vim.cmd('silent normal! gg=G')
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\n') .. '\n'
end

--- The syntax groups at the places.
function act.syntax(wanted)
  return vim.tbl_map(function(at)
    return vim.fn.synIDattr(vim.fn.synID(at[1] + 1, at[2] + 1, 1), 'name')
  end, wanted)
end

--- The captures of tree-sitter at the places.
function act.captures(wanted)
  assert(vim.treesitter.highlighter.active[vim.api.nvim_get_current_buf()], 'tree-sitter does not run')
  vim.treesitter.get_parser():parse(true) -- otherwise it is read piece by piece, later
  return vim.tbl_map(function(at)
    local found = vim.treesitter.get_captures_at_pos(0, at[1], at[2])
    return #found > 0 and found[#found].capture or ''
  end, wanted)
end

--- The lines, from 1, at which folds begin. Neovim finds them piece by piece, later.
function act.folds()
  local found
  local function look()
    found = vim.tbl_filter(function(number)
      return vim.treesitter.foldexpr(number):sub(1, 1) == '>'
    end, vim.fn.range(1, vim.fn.line('$')))
    return #found > 0
  end
  assert(vim.wait(30000, look, 20), 'no folds')
  return found
end

local answer = {}
for path, wanted in pairs(vim.json.decode(table.concat(vim.fn.readfile(places)))) do
  vim.cmd.edit(path)
  assert(vim.bo.filetype == 'nba', path)
  answer[path] = act[action](wanted)
  vim.cmd('bwipeout!')
end
io.stdout:write(vim.json.encode(answer))
