---What changes in a buffer when the server comes to it: keys, streams, the status, and pauses.

local options = require('cachewise.options')

local M = {}

---@param key string
---@return fun(): string what the key did before, for an expression mapping
local function otherwise(key)
  local before = vim.fn.maparg(key, 'i', false, true)
  return function()
    if vim.tbl_isempty(before) then
      return key
    end
    if before.callback then
      local keys = before.callback()
      return before.expr == 1 and keys or ''
    end
    return before.expr == 1 and vim.api.nvim_eval(before.rhs) or before.rhs
  end
end

---Maps a key that acts where a suggestion is shown, and does what it always did where none is.
---@param bufnr integer
---@param key string|false|nil
---@param act string Lua, of the module cachewise.ghost
---@param description string
local function map(bufnr, key, act, description)
  if not key then
    return
  end
  local old = otherwise(key)
  vim.keymap.set('i', key, function()
    return require('cachewise.ghost').ready() and ("<Cmd>lua require('cachewise.ghost').%s<CR>"):format(act) or old()
  end, { buffer = bufnr, expr = true, desc = 'cachewise: ' .. description })
end

---@param bufnr integer
local function map_keys(bufnr)
  local keys = options.current.keys
  if not keys or vim.b[bufnr].cachewise_keys then
    return
  end
  vim.b[bufnr].cachewise_keys = true
  map(bufnr, keys.accept, 'accept()', 'accept the suggestion')
  map(bufnr, keys.accept_word, 'accept("word")', 'accept a word')
  map(bufnr, keys.accept_line, 'accept("line")', 'accept a line')
  map(bufnr, keys.next, 'select(1)', 'next suggestion')
  map(bufnr, keys.previous, 'select(-1)', 'previous suggestion')
  map(bufnr, keys.dismiss, 'dismiss()', 'hide the suggestion')
  if keys.explain then
    vim.keymap.set({ 'n', 'x' }, keys.explain, function()
      require('cachewise.question').explain()
    end, { buffer = bufnr, desc = 'cachewise: explain' })
  end
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  require('cachewise.stream').listen(client)
  require('cachewise.status').follow(client)
  require('cachewise.question').take_commands(client)
  -- After the configuration's own `on_attach`, which switches suggestions on.
  vim.schedule(function()
    if vim.api.nvim_buf_is_valid(bufnr) then
      require('cachewise.pause').apply(bufnr)
    end
  end)
  if vim.lsp.inline_completion then
    map_keys(bufnr)
  end
end

return M
