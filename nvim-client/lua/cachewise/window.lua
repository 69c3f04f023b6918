---A window with Markdown that grows: a float or a split, one for all answers.

local options = require('cachewise.options')

local M = {}

local api = vim.api

---@class cachewise.View
---@field bufnr integer
---@field winid integer
---@field title string
---@field on_stop? fun() set while an answer comes in
---@field on_follow_up? fun()
---@field on_allow? fun() set where a budget forbids the last question
local View = {}
View.__index = View

---@type cachewise.View?
local current

---@param size number
---@param whole integer
---@return integer
local function share(size, whole)
  return math.max(1, math.min(math.floor(size <= 1 and size * whole or size), whole - 2))
end

---@param bufnr integer
---@param title string
---@return integer winid
local function show(bufnr, title)
  local window = options.current.window
  if window.style ~= 'float' then
    local vertical = window.style == 'vsplit'
    local size = vertical and share(window.width, vim.o.columns) or share(window.height, vim.o.lines)
    vim.cmd(('%s%dsplit'):format(vertical and 'botright vertical ' or 'botright ', size))
    local winid = api.nvim_get_current_win()
    api.nvim_win_set_buf(winid, bufnr)
    return winid
  end
  local width, height = share(window.width, vim.o.columns), share(window.height, vim.o.lines)
  return api.nvim_open_win(bufnr, true, {
    relative = 'editor',
    width = width,
    height = height,
    row = math.floor((vim.o.lines - height) / 2) - 1,
    col = math.floor((vim.o.columns - width) / 2),
    border = window.border,
    title = ' ' .. title .. ' ',
    style = 'minimal',
  })
end

---Opens the window for a new answer, in the place of the last one.
---@param title string
---@return cachewise.View
function M.open(title)
  if current and current:visible() then
    current:close()
  end
  local bufnr = api.nvim_create_buf(false, true)
  local view = setmetatable({ bufnr = bufnr, title = title }, View)
  vim.bo[bufnr].bufhidden = 'wipe'
  view.winid = show(bufnr, title)
  -- Highlighted without the filetype's own plugins, which may run what they like on a text that a model wrote.
  vim.bo[bufnr].syntax = 'markdown'
  pcall(vim.treesitter.start, bufnr, 'markdown')
  local window = vim.wo[view.winid][0]
  window.wrap, window.linebreak, window.conceallevel = true, true, 2
  window.number, window.relativenumber, window.signcolumn = false, false, 'no'
  vim.bo[bufnr].modifiable = false
  view:map()
  -- However the window is closed, nobody reads on.
  api.nvim_create_autocmd('BufWipeout', {
    buffer = bufnr,
    callback = function()
      view:stop()
    end,
  })
  current = view
  return view
end

function View:map()
  local window = options.current.window
  local map = function(key, act, description)
    vim.keymap.set('n', key, act, { buffer = self.bufnr, nowait = true, desc = 'cachewise: ' .. description })
  end
  map(window.close, function()
    self:close()
  end, 'close')
  map(window.stop, function()
    self:stop()
  end, 'stop the answer')
  map(window.follow_up, function()
    if self.on_follow_up and not self.on_stop then
      self.on_follow_up()
    end
  end, 'ask a further question')
  map(window.allow_once, function()
    local allow = self.on_allow
    self.on_allow = nil
    if allow then
      allow()
    end
  end, 'send what a budget forbids, once')
end

---@return boolean
function View:visible()
  return api.nvim_win_is_valid(self.winid) and api.nvim_win_get_buf(self.winid) == self.bufnr
end

function View:close()
  if self:visible() then
    api.nvim_win_close(self.winid, true)
  end
end

---Stops the answer that comes in, if one does.
function View:stop()
  local stop = self.on_stop
  self.on_stop = nil
  if stop then
    stop()
  end
end

---Adds text at the end. A cursor on the last line stays on the last line.
---@param text string
function View:append(text)
  if not api.nvim_buf_is_valid(self.bufnr) then
    return
  end
  local count = api.nvim_buf_line_count(self.bufnr)
  local follows = self:visible() and api.nvim_win_get_cursor(self.winid)[1] == count
  vim.bo[self.bufnr].modifiable = true
  api.nvim_buf_set_text(self.bufnr, -1, -1, -1, -1, vim.split(text, '\r?\n'))
  vim.bo[self.bufnr].modifiable = false
  if follows then
    api.nvim_win_set_cursor(self.winid, { api.nvim_buf_line_count(self.bufnr), 0 })
  end
end

---Replaces all text from a line on.
---@param line integer from 0
---@param text string
function View:rewrite(line, text)
  if not api.nvim_buf_is_valid(self.bufnr) then
    return
  end
  vim.bo[self.bufnr].modifiable = true
  api.nvim_buf_set_lines(self.bufnr, line, -1, false, vim.split(text, '\r?\n'))
  vim.bo[self.bufnr].modifiable = false
end

---@return string all text
function View:text()
  return table.concat(api.nvim_buf_get_lines(self.bufnr, 0, -1, false), '\n')
end

---Shows a line about the state of things at the window's edge.
---@param text string
function View:note(text)
  if not self:visible() then
    return
  end
  if api.nvim_win_get_config(self.winid).relative ~= '' then
    api.nvim_win_set_config(self.winid, { footer = ' ' .. text .. ' ', footer_pos = 'right' })
  else
    vim.wo[self.winid].winbar = (self.title .. ' · ' .. text):gsub('%%', '%%%%')
  end
end

return M
