---The calls that Neovim 0.10 writes otherwise: there a client's functions do not take the client.

local M = {}

local METHODS = vim.fn.has('nvim-0.11') == 1

---@param client vim.lsp.Client
---@param method string
---@param params table
---@param handler lsp.Handler
---@param bufnr integer
---@return boolean sent
---@return integer? id
function M.request(client, method, params, handler, bufnr)
  if METHODS then
    return client:request(method, params, handler, bufnr)
  end
  return client.request(method, params, handler, bufnr)
end

---@param client vim.lsp.Client
---@param id integer
function M.cancel(client, id)
  if METHODS then
    client:cancel_request(id)
  else
    client.cancel_request(id)
  end
end

---@param client vim.lsp.Client
function M.stop(client)
  if METHODS then
    client:stop()
  else
    client.stop()
  end
end

return M
