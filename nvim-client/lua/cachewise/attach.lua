---What changes in a buffer when the server comes to it: keys, streams, the status, and pauses.

local options = require('cachewise.options')

local M = {}

---What a key does that nobody has mapped. A character with Alt is <Esc> and the character then, but only where it is
---typed, not where a mapping gives it back.
---@param key string
---@return string keys
local function unmapped(key)
  local character = key:match('^<[MA]%-(.)>$')
  return vim.keycode(character and '<Esc>' .. character or key)
end

---Functions that keys were mapped to before. They may change text, which an expression mapping must not.
---@type function[]
M.functions = {}

---What a key did before, for an expression mapping that gives keys as they are.
---@param before table<string, any> of maparg()
---@param key string
---@return fun(): string keys
local function otherwise(before, key)
  if vim.tbl_isempty(before) then
    local keys = unmapped(key)
    return function()
      return keys
    end
  end
  if before.expr == 1 then
    return function()
      local keys = before.callback and before.callback() or not before.callback and vim.api.nvim_eval(before.rhs) or ''
      return before.replace_keycodes == 1 and vim.keycode(keys) or keys
    end
  end
  if before.callback then
    table.insert(M.functions, before.callback)
  end
  local call = ("<Cmd>lua require('cachewise.attach').functions[%d]()<CR>"):format(#M.functions)
  local keys = vim.keycode(before.callback and call or before.rhs)
  return function()
    return keys
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
  local before = vim.fn.maparg(key, 'i', false, true)
  local old = otherwise(before, key)
  local take = vim.keycode(("<Cmd>lua require('cachewise.ghost').%s<CR>"):format(act))
  vim.keymap.set('i', key, function()
    return require('cachewise.ghost').ready() and take or old()
  end, {
    buffer = bufnr,
    expr = true,
    replace_keycodes = false,
    remap = before.noremap == 0,
    desc = 'cachewise: ' .. description,
  })
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
