---Starting the server with the user's options, and starting it again when it died.

local options = require('cachewise.options')

local M = {}

---A server that dies more often than this in `SPAN` seconds stays down.
local MOST_RESTARTS = 4
local SPAN = 180

---@type number[] seconds
local restarts = {}

---@param code integer
---@param signal integer
local function on_exit(code, signal)
  vim.schedule(function()
    vim.g.cachewise_status = nil
    if vim.v.exiting ~= vim.NIL or (code == 0 and signal == 0) or not options.current.restart then
      return
    end
    if vim.lsp.is_enabled and not vim.lsp.is_enabled('cachewise') then
      return
    end
    local now = vim.uv.now() / 1000
    restarts = vim.tbl_filter(function(time)
      return now - time < SPAN
    end, restarts)
    if #restarts >= MOST_RESTARTS then
      local often =
        'The cachewise server died %d times. It stays down until :Cachewise restart; :Cachewise log tells why.'
      vim.notify(often:format(#restarts + 1), vim.log.levels.ERROR)
      return
    end
    table.insert(restarts, now)
    vim.defer_fn(M.enable, 250 * 2 ^ #restarts)
  end)
end

---The configuration as a table, for a Neovim that does not read `lsp/` itself.
---@return table
local function bundled()
  local file = vim.api.nvim_get_runtime_file('lsp/cachewise.lua', false)[1]
  return dofile(file)
end

---Lets Neovim start the server in the buffers that are there and in those to come.
function M.enable()
  if vim.lsp.enable then
    vim.lsp.enable('cachewise')
    return
  end
  local config = vim.tbl_deep_extend('force', bundled(), M.config(), { name = 'cachewise' })
  local begin = function(bufnr)
    if vim.bo[bufnr].buftype == '' and vim.list_contains(config.filetypes, vim.bo[bufnr].filetype) then
      config.root_dir = vim.fs.root(bufnr, config.root_markers)
      vim.lsp.start(config, { bufnr = bufnr })
    end
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('cachewise.start', {}),
    callback = function(event)
      begin(event.buf)
    end,
  })
  vim.iter(vim.api.nvim_list_bufs()):filter(vim.api.nvim_buf_is_loaded):each(begin)
end

---What the user's options change in the configuration of lsp/cachewise.lua.
---@return table
function M.config()
  local current = options.current
  local config = { cmd = current.cmd, filetypes = current.filetypes, on_exit = on_exit }
  if next(current.settings) then
    config.settings = { cachewise = current.settings }
    config.init_options = current.settings
  end
  return config
end

---Configures the server and lets it start.
function M.start()
  if vim.lsp.config then
    vim.lsp.config('cachewise', M.config())
  end
  M.enable()
end

---Ends the server and starts a new one.
function M.restart()
  restarts = {}
  for _, client in ipairs(vim.lsp.get_clients({ name = 'cachewise' })) do
    require('cachewise.compat').stop(client)
  end
  local tries = 100
  local function again()
    tries = tries - 1
    if tries > 0 and vim.lsp.get_clients({ name = 'cachewise' })[1] then
      vim.defer_fn(again, 50)
    else
      M.enable()
    end
  end
  again()
end

return M
