-- Neovim with the package of the project and its language server, for tests:
-- nvim --clean --headless -l neovim_server.lua PACKAGE POLICY WRONG RIGHT. In POLICY stands WRONG, where RIGHT should.

local package, policy, wrong, right = arg[1], arg[2], arg[3], arg[4]
vim.opt.rtp:prepend(package)
vim.cmd('filetype plugin indent on | runtime! ftdetect/nba.lua plugin/nba.lua')
vim.cmd.edit(policy)

local function findings()
  return vim.tbl_map(function(found)
    return { line = found.lnum, start = found.col, finish = found.end_col, code = found.code, message = found.message }
  end, vim.diagnostic.get(0))
end

local function wait(what, condition)
  assert(vim.wait(30000, condition, 20), 'no ' .. what)
end

local function ask(method, params)
  local answers = assert(vim.lsp.buf_request_sync(0, method, params, 30000))
  local _, answer = next(answers)
  assert(answer and not answer.err, vim.inspect(answer))
  return answer.result
end

local answer = {}
wait('finding', function() return #vim.diagnostic.get(0) > 0 end)
answer.findings = findings()
vim.cmd(('silent %%s/\\<%s\\>/%s/'):format(wrong, right))
wait('end of findings', function() return #vim.diagnostic.get(0) == 0 end)

vim.fn.search([[\<]] .. right .. [[\>]])
local at = vim.lsp.util.make_position_params(0, 'utf-16')
answer.hover = ask('textDocument/hover', at).contents.value
local words = ask('textDocument/completion', at)
answer.completions = #(words.items or words)

-- The lines above the first action and the first test do what they say, in a terminal.
local function lens(title)
  for _, each in ipairs(ask('textDocument/codeLens', { textDocument = vim.lsp.util.make_text_document_params() })) do
    if each.command.title == title then
      return each.command
    end
  end
  error('no lens ' .. title)
end
local function shown(command, ...)
  local edited = vim.api.nvim_get_current_buf()
  vim.lsp.commands[command.command](command, ...)
  local buffer = vim.api.nvim_get_current_buf()
  assert(buffer ~= edited and vim.bo[buffer].buftype == 'terminal')
  local lines
  wait('end of ' .. command.command, function()
    lines = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), '\n')
    return lines:find('%[Process exited')
  end)
  vim.cmd('bwipeout!')
  return lines
end
vim.ui.input = function(_, on_confirm) on_confirm('C003') end
answer.test = shown(lens('run'))
answer.explain = shown(lens('explain for…'))

local client = assert(vim.lsp.get_clients({ bufnr = 0 })[1])
answer.server = client.name
client:stop()
wait('end of the server', function() return client:is_stopped() end)
io.stdout:write(vim.json.encode(answer))
