---Suggestions can pause by filetype; questions are answered all the same.

local options = require('cachewise.options')

local M = {}

---@type table<string, boolean> by filetype, what the commands said since the start
local said = {}

---@param filetype string
---@return boolean
function M.paused(filetype)
  if said['*'] ~= nil and said[filetype] == nil then
    return said['*']
  end
  if said[filetype] ~= nil then
    return said[filetype]
  end
  return vim.list_contains(options.current.pause, filetype)
end

---Switches the suggestions of a buffer to what its filetype has now.
---@param bufnr integer
function M.apply(bufnr)
  if not vim.lsp.inline_completion then
    return
  end
  local wanted = not M.paused(vim.bo[bufnr].filetype)
  if vim.lsp.inline_completion.is_enabled({ bufnr = bufnr }) ~= wanted then
    vim.lsp.inline_completion.enable(wanted, { bufnr = bufnr })
  end
end

---Pauses or resumes.
---@param filetype string '*' for all
---@param paused boolean
function M.set(filetype, paused)
  if filetype == '*' then
    said = {}
  end
  said[filetype] = paused
  for _, client in ipairs(vim.lsp.get_clients({ name = 'cachewise' })) do
    for bufnr in pairs(client.attached_buffers) do
      M.apply(bufnr)
    end
  end
  vim.cmd.redrawstatus({ bang = true })
end

return M
