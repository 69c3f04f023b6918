---Taking suggestions: whole, by word, by line, and never into text that has moved on.
---
---Showing them is Neovim's own work. What it does not do: fit a suggestion to keys that were typed after it was made,
---and keep the rest of one that was taken in part. The rest stays visible here until Neovim shows something of its own.

local M = {}

local api = vim.api
local namespace = api.nvim_create_namespace('cachewise.remainder')
local METHOD = 'textDocument/inlineCompletion'
---Milliseconds; it takes none.
local MOST_WAIT = 1000

---@class cachewise.Remainder
---@field bufnr integer
---@field row integer from 0
---@field col integer bytes
---@field text string what is left, and never empty

---@type cachewise.Remainder?
local remainder

---@return integer row, integer col, both from 0, the column in bytes
local function cursor()
  local row, col = unpack(api.nvim_win_get_cursor(0))
  return row - 1, col
end

local function forget()
  if remainder and api.nvim_buf_is_valid(remainder.bufnr) then
    api.nvim_buf_clear_namespace(remainder.bufnr, namespace, 0, -1)
  end
  remainder = nil
end

---@param row integer
---@param col integer
---@param text string
local function keep(row, col, text)
  forget()
  if text == '' then
    return
  end
  local bufnr = api.nvim_get_current_buf()
  remainder = { bufnr = bufnr, row = row, col = col, text = text }
  local lines = vim.tbl_map(function(line)
    return { { line, 'ComplHint' } }
  end, vim.split(text, '\n', { plain = true }))
  api.nvim_buf_set_extmark(bufnr, namespace, row, col, {
    virt_text = lines[1],
    virt_lines = vim.list_slice(lines, 2),
    virt_text_pos = 'inline',
    hl_mode = 'combine',
  })
end

---The part to take, and what is left of the text.
---@param text string
---@param part? 'word'|'line'
---@return string taken
---@return string rest
function M.split(text, part)
  local taken = text
  if part == 'word' then
    -- Letters, digits and all that is not ASCII are words; punctuation marks in a row count as one, too.
    taken = text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w_%s\128-\255]+') or text
  elseif part == 'line' then
    taken = text:match('^\n*[^\n]+') or text
  end
  return taken, text:sub(#taken + 1)
end

---Replaces the text between two places of the cursor's line and puts the cursor behind it.
---@param row integer
---@param first integer
---@param last integer
---@param text string
local function put(row, first, last, text)
  local lines = vim.split(text, '\n', { plain = true })
  api.nvim_buf_set_text(0, row, first, row, last, lines)
  local col = #lines[#lines] + (#lines == 1 and first or 0)
  api.nvim_win_set_cursor(0, { row + #lines, col })
end

---@param held cachewise.Remainder
---@param part? 'word'|'line'
local function take_remainder(held, part)
  local taken, rest = M.split(held.text, part)
  put(held.row, held.col, held.col, taken)
  local row, col = cursor()
  keep(row, col, rest)
end

---How a suggestion fits the text as it is now: the column where it begins, and its text. Nil where it does not.
---@param item vim.lsp.inline_completion.Item
---@return integer? first
---@return string? text
local function fitting(item)
  local text = item.insert_text
  if type(text) ~= 'string' then
    return
  end
  -- In a buffer with Windows' line ends the server's text has them as well; the buffer's lines don't.
  text = text:gsub('\r\n', '\n')
  local row, col = cursor()
  if not item.range then
    return col, text
  end
  local first_row, first, last_row, last =
    item.range.start_row, item.range.start_col, item.range.end_row, item.range.end_col
  if first_row ~= row or last_row ~= row or col < last then
    return
  end
  local line = api.nvim_get_current_line()
  if col > last and not vim.startswith(text, line:sub(first + 1, col)) then
    return
  end
  return first, text
end

---@param item vim.lsp.inline_completion.Item
---@param characters integer
local function report(item, characters)
  local client = vim.lsp.get_client_by_id(item.client_id)
  if client and item.command then
    local command = vim.deepcopy(item.command)
    -- Neovim shows the suggestions of other servers as well, and they have commands of their own.
    if command.command == 'cachewise.accepted' then
      command.arguments = { command.arguments[1], characters }
    end
    client:exec_cmd(command, { bufnr = api.nvim_get_current_buf() })
  end
end

---@param item vim.lsp.inline_completion.Item
---@param part? 'word'|'line'
---@return vim.lsp.inline_completion.Item? what is left to Neovim: snippets
local function take(item, part)
  if type(item.insert_text) ~= 'string' then
    return item
  end
  local first, text = fitting(item)
  if not first or not text then
    return
  end
  local row, col = cursor()
  local there = api.nvim_get_current_line():sub(first + 1, col)
  local taken, rest = text, ''
  if part and vim.startswith(text, there) then
    taken, rest = M.split(text:sub(#there + 1), part)
    first = col
  end
  put(row, first, col, taken)
  row, col = cursor()
  keep(row, col, rest)
  report(item, vim.fn.strchars(taken))
end

---The text under a remainder moved on: keep what is still right of it.
local function follow()
  local held = remainder
  if not held then
    return
  end
  local row, col = cursor()
  if held.bufnr == api.nvim_get_current_buf() and held.row == row and col >= held.col then
    local typed = api.nvim_get_current_line():sub(held.col + 1, col)
    if vim.startswith(held.text, typed) then
      if typed ~= '' then
        keep(row, col, held.text:sub(#typed + 1))
      end
      return
    end
  end
  forget()
end

---@return boolean whether Neovim itself shows a suggestion
local function shown()
  local own = api.nvim_get_namespaces()['nvim.lsp.inline_completion']
  return own ~= nil and api.nvim_buf_get_extmarks(0, own, 0, -1, { limit = 1 })[1] ~= nil
end

---@return boolean whether there is something to take
function M.ready()
  follow()
  return remainder ~= nil or shown()
end

---Takes the suggestion, or a part of it, before it returns. False where none is shown. Not for expression mappings,
---which must not change text.
---@param part? 'word'|'line'
---@return boolean
function M.accept(part)
  follow()
  if remainder then
    take_remainder(remainder, part)
    return true
  end
  if not vim.lsp.inline_completion then
    return false
  end
  local done = false
  local taken = vim.lsp.inline_completion.get({
    on_accept = function(item)
      return take(item, part)
    end,
  })
  if taken then
    -- Neovim takes it in its event loop. A key that is already typed must not get in before.
    vim.schedule(function()
      done = true
    end)
    vim.wait(MOST_WAIT, function()
      return done
    end, 1)
  end
  return taken
end

---Hides the suggestion until the next key.
function M.dismiss()
  forget()
  if vim.lsp.inline_completion and shown() then
    -- Neovim has no function for this; switched off and on, it forgets what it shows and waits for the next key.
    vim.lsp.inline_completion.enable(false, { bufnr = 0 })
    vim.lsp.inline_completion.enable(true, { bufnr = 0 })
  end
end

---Shows the suggestion so many places further.
---@param step integer
function M.select(step)
  if shown() then
    vim.lsp.inline_completion.select({ count = step })
  end
end

local group = api.nvim_create_augroup('cachewise.remainder', {})
api.nvim_create_autocmd({ 'CursorMovedI', 'TextChangedI' }, { group = group, callback = follow })
api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, { group = group, callback = forget })
api.nvim_create_autocmd('LspRequest', {
  group = group,
  callback = function(event)
    local request = event.data.request
    if remainder and request.method == METHOD and request.type == 'complete' then
      -- Its handler runs after this event.
      vim.schedule(function()
        if shown() then
          forget()
        end
      end)
    end
  end,
})

return M
