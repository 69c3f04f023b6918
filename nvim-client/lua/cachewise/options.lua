---What `require('cachewise').setup()` takes, its defaults, and the check of what was given.

---@class cachewise.Options
---@field cmd? string[] how the server is started
---@field filetypes? string[] where it is started; the list of lsp/cachewise.lua where this is unset
---@field settings? cachewise.Settings settings of the server
---@field pause? string[] filetypes in which nothing is suggested until `:Cachewise resume`
---@field keys? cachewise.Keys|false keys in buffers with the server; false makes none
---@field window? cachewise.WindowOptions where explanations are shown
---@field restart? boolean whether a server that died is started again

---A key of false makes no mapping.
---@class cachewise.Keys
---@field accept? string|false takes the whole suggestion (insert mode)
---@field accept_word? string|false takes its next word (insert mode)
---@field accept_line? string|false takes its next line (insert mode)
---@field next? string|false shows the next suggestion (insert mode)
---@field previous? string|false shows the one before (insert mode)
---@field dismiss? string|false hides the suggestion (insert mode)
---@field explain? string|false explains the selection or what the cursor is on (normal and visual mode)

---@class cachewise.WindowOptions
---@field style? 'float'|'split'|'vsplit'
---@field width? number columns, or up to 1 a share of the screen
---@field height? number lines, or up to 1 a share of the screen
---@field border? string the border of a float, as in 'winborder'
---@field close? string key that closes the window
---@field stop? string key that stops the answer that is coming in
---@field follow_up? string key that asks a further question
---@field allow_once? string key that sends a question all the same which a budget forbids

local M = {}

---@type cachewise.Options
M.defaults = {
  settings = {},
  pause = {},
  keys = {
    accept = '<Tab>',
    accept_word = '<M-w>',
    accept_line = '<M-l>',
    next = '<M-n>',
    previous = '<M-p>',
    dismiss = '<M-e>',
    explain = false,
  },
  window = {
    style = 'float',
    width = 0.6,
    height = 0.6,
    border = 'rounded',
    close = 'q',
    stop = '<C-c>',
    follow_up = '<CR>',
    allow_once = 'a',
  },
  restart = true,
}

---@type table<string, string[]>
local TYPES = {
  cmd = { 'table' },
  filetypes = { 'table' },
  settings = { 'table' },
  pause = { 'table' },
  keys = { 'table', 'boolean' },
  window = { 'table' },
  restart = { 'boolean' },
}

local STYLES = { float = true, split = true, vsplit = true }

---@type cachewise.Options
M.current = M.defaults

---@param given table
---@param known table
---@param path string
local function check_names(given, known, path)
  for name in pairs(given) do
    if not vim.list_contains(known, name) then
      table.sort(known)
      error(('cachewise: there is no option %s%s; there are %s'):format(path, name, table.concat(known, ', ')), 0)
    end
  end
end

---Takes the user's options in.
---@param given? cachewise.Options
---@return cachewise.Options
function M.set(given)
  given = given or {}
  check_names(given, vim.tbl_keys(TYPES), '')
  for name, types in pairs(TYPES) do
    local kind = type(given[name])
    if given[name] ~= nil and not vim.list_contains(types, kind) then
      error(('cachewise: %s is a %s, not a %s'):format(name, table.concat(types, ' or a '), kind), 0)
    end
  end
  if type(given.keys) == 'table' then
    check_names(given.keys --[[@as table]], vim.tbl_keys(M.defaults.keys), 'keys.')
  end
  if given.window then
    check_names(given.window, vim.tbl_keys(M.defaults.window), 'window.')
    if given.window.style and not STYLES[given.window.style] then
      error(('cachewise: window.style is float, split or vsplit, not %s'):format(given.window.style), 0)
    end
  end
  M.current = vim.tbl_deep_extend('force', M.defaults, given)
  if given.keys == true then
    M.current.keys = M.defaults.keys
  end
  return M.current
end

return M
