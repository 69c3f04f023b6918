-- Read at every start of Neovim, so nothing is loaded here: the command and the event load what they need.
if vim.g.loaded_cachewise then
  return
end
vim.g.loaded_cachewise = true

vim.api.nvim_create_user_command('Cachewise', function(arguments)
  require('cachewise.command').run(arguments)
end, {
  nargs = '+',
  range = true,
  complete = function(...)
    return require('cachewise.command').complete(...)
  end,
  desc = 'Explain, ask, and see what it cost',
})

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('cachewise', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'cachewise' then
      require('cachewise.attach').attach(client, event.buf)
    end
  end,
})
