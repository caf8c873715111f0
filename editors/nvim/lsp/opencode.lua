-- For vim.lsp.enable('opencode'), Neovim 0.11 and later. Your own vim.lsp.config('opencode', {…}) is merged over it.
return vim.tbl_extend('force', require('opencode.client').spec(), {
  root_dir = function(buf, on_dir)
    local root = require('opencode.client').root(buf)
    if root then
      on_dir(root)
    end
  end,
})
