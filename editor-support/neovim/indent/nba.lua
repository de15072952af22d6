-- Indentation by brackets: a line is one level further in for each that is open where it begins.

if vim.b.did_indent then
  return
end
vim.b.did_indent = true

local DECLARATIONS = {}
for word in
  ([[
    policy import profile context parameter define function table channel group action priority arbitrate holdout
    experiment explore guarantee test limit rest budget quiet
  ]]):gmatch('%a+')
do
  DECLARATIONS[word] = true
end
-- How a line begins that goes on with the one above.
local CONTINUES = {
  ['and'] = true,
  ['or'] = true,
  ['then'] = true,
  ['else'] = true,
  ['because'] = true,
  ['when'] = true,
}

local function is_declaration(line)
  return DECLARATIONS[line:match('^%a+')] or false
end

--- The brackets that are open before a line: those of its declaration.
local function depth_before(number)
  local first = number - 1
  while first > 1 and not is_declaration(vim.fn.getline(first)) do
    first = first - 1
  end
  local depth = 0
  for _, line in ipairs(vim.fn.getline(math.max(first, 1), number - 1)) do
    local code = line:gsub('\\.', ''):gsub('"[^"]*"', ''):gsub('#.*', '')
    local _, opened = code:gsub('[{%(%[]', '')
    local _, closed = code:gsub('[}%)%]]', '')
    depth = math.max(0, depth + opened - closed)
  end
  return depth
end

local levels

--- The level of a line in which a list goes on: below `of`, or below a line of the list. Else nil.
local function in_list(number)
  local above = vim.trim((vim.fn.getline(number - 1):gsub('#.*', '')))
  if above:match('%f[%a]of$') then
    return levels(number - 1) + 1
  end
  return above:match(',$') and in_list(number - 1)
end

levels = function(number)
  local text = vim.trim(vim.fn.getline(number))
  local depth = depth_before(number)
  if text:match('^[}%)%]]') then
    return math.max(0, depth - 1)
  elseif CONTINUES[text:match('^%a+')] or text:match('^[-+*/^]') then
    return depth + 1
  elseif in_list(number) then
    return in_list(number)
  elseif depth > 0 or is_declaration(text) or text == '' or text:match('^#') then
    return depth
  end
  return 1
end

_G.nba_indent = function()
  return levels(vim.v.lnum) * vim.fn.shiftwidth()
end
vim.bo.indentexpr = 'v:lua.nba_indent()'
vim.bo.indentkeys = '0{,0},0),0],!^F,o,O,=and,=or,=then,=else'
vim.b.undo_indent = 'setlocal indentexpr< indentkeys<'
