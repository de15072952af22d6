-- Begins the language server in policies, with Neovim 0.11 or later, where the program is.
if not vim.lsp.enable then
  return
end
local command = vim.lsp.config.nba.cmd
if type(command) == 'function' or vim.fn.executable(command[1]) == 1 then
  vim.lsp.enable('nba')
end

-- What the lines above actions and tests do, see |vim.lsp.codelens.run()|.
local function show(...)
  vim.cmd('silent wall | botright new')
  vim.fn.jobstart({ vim.lsp.config.nba.cmd[1], ... }, { term = true })
end

local customer = ''
vim.lsp.commands['nba.explain'] = function(lens)
  local policy, action = unpack(lens.arguments)
  vim.ui.input({ prompt = 'Why ' .. action .. ', or why not? The key of a customer: ', default = customer }, function(key)
    if key and key ~= '' then
      customer = key
      show('explain', policy, key, '--why-not', action)
    end
  end)
end
vim.lsp.commands['nba.test'] = function(lens)
  local policy, place = unpack(lens.arguments)
  show('test', policy, '-k', place)
end
