---What users call. Each function loads its part when it is called, so that `setup()` costs nothing at the start.

local M = {}

---Starts the server wherever its filetypes are edited. Not needed by those who call `vim.lsp.enable('cachewise')`
---themselves and want the defaults.
---@param options? cachewise.Options
function M.setup(options)
  require('cachewise.options').set(options)
  local start = function()
    require('cachewise.start').start()
  end
  if vim.v.vim_did_enter == 1 then
    return start()
  end
  -- The LSP client's modules are not loaded before there is a file to edit.
  vim.api.nvim_create_autocmd('FileType', { once = true, callback = vim.schedule_wrap(start) })
end

---Takes the suggestion, or a part of it. False where none is shown. Not for expression mappings.
---@param part? 'word'|'line'
---@return boolean
function M.accept(part)
  return require('cachewise.ghost').accept(part)
end

---Hides the suggestion until the next key.
function M.dismiss()
  require('cachewise.ghost').dismiss()
end

---Explains the selection, or what the cursor is on.
function M.explain()
  require('cachewise.question').explain()
end

---Asks about the selection, or the file. Without a question it asks for one.
---@param question? string
function M.ask(question)
  require('cachewise.question').ask(question)
end

---Health and cost in a few characters, for a status line. Empty where the server is not at work.
---@param bufnr? integer the current one by default
---@return string
function M.status(bufnr)
  return require('cachewise.status').text(bufnr)
end

return M
